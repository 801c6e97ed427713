using System.Runtime.InteropServices;

namespace Realtime.Load.Sockets;

/// <summary>The system calls of the event loop. Each returns -1 on failure and leaves the reason in the last P/Invoke error.</summary>
internal static unsafe partial class LinuxCalls
{
    internal const int EAgain = 11;
    internal const int EInProgress = 115;
    internal const int NoSignal = 0x4000;

    internal const int EpollCloseOnExec = 0x80000;
    internal const int EpollAdd = 1;
    internal const int EpollModify = 3;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EpollControl(int epoll, int operation, int descriptor, byte* interest);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EpollWait(int epoll, byte* ready, int maximum, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int descriptor, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);
}
