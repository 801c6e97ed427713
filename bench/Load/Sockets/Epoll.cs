using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Realtime.Load.Sockets;

/// <summary>What a descriptor is ready for, or is watched for (Linux <c>EPOLLIN</c> and siblings).</summary>
[Flags]
internal enum Readiness : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
}

/// <summary>A level-triggered epoll set whose entries carry a number each. For one thread.</summary>
/// <remarks>One wait reports up to <see cref="Capacity"/> ready sockets; a managed async receive would cost a dispatch for each of them.</remarks>
internal sealed unsafe class Epoll : IDisposable
{
    /// <summary>Most entries that one <see cref="Wait"/> reports.</summary>
    public const int Capacity = 1024;

    // struct epoll_event is packed on x86 (12 bytes) and aligned elsewhere (16 bytes).
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly byte[] _ready = GC.AllocateArray<byte>(Capacity * EventSize, pinned: true);
    private readonly int _descriptor = Checked(LinuxCalls.EpollCreate(LinuxCalls.EpollCloseOnExec), "epoll_create1");

    /// <summary>Starts to watch a descriptor; closing the descriptor ends it.</summary>
    public void Add(int descriptor, int number, Readiness interest) => Control(LinuxCalls.EpollAdd, descriptor, number, interest);

    /// <summary>Replaces what a descriptor is watched for.</summary>
    public void Modify(int descriptor, int number, Readiness interest) => Control(LinuxCalls.EpollModify, descriptor, number, interest);

    /// <summary>Waits for readiness.</summary>
    /// <returns>How many entries are ready; read them with <see cref="Entry"/> before the next wait.</returns>
    public int Wait(int timeoutMilliseconds)
    {
        fixed (byte* ready = _ready)
        {
            // -1 is an interrupting signal: nothing was ready.
            return Math.Max(0, LinuxCalls.EpollWait(_descriptor, ready, Capacity, timeoutMilliseconds));
        }
    }

    /// <summary>One result of the last <see cref="Wait"/>.</summary>
    public (int Number, Readiness Readiness) Entry(int position)
    {
        var entry = _ready.AsSpan(position * EventSize, EventSize);
        return (MemoryMarshal.Read<int>(entry[DataOffset..]), (Readiness)MemoryMarshal.Read<uint>(entry));
    }

    /// <inheritdoc/>
    public void Dispose() => _ = LinuxCalls.Close(_descriptor);

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call} failed.");

    private void Control(int operation, int descriptor, int number, Readiness interest)
    {
        var entry = stackalloc byte[16];
        MemoryMarshal.Write(new Span<byte>(entry, 4), (uint)interest);
        MemoryMarshal.Write(new Span<byte>(entry + DataOffset, 8), (long)number);
        Checked(LinuxCalls.EpollControl(_descriptor, operation, descriptor, entry), "epoll_ctl");
    }
}
