using System.Net;

namespace Realtime.Load.Sockets;

/// <summary>Where a <see cref="Fleet"/> connects to.</summary>
/// <param name="EndPoint">Address and port of the server.</param>
/// <param name="Host">Value of the <c>Host</c> header.</param>
/// <param name="Topics">Names of the topics; a connection joins one of them.</param>
/// <param name="FirstSource">Loopback source address of the first connections: 0 is the default one, n is 127.0.0.(1+n).</param>
internal sealed record FleetTarget(IPEndPoint EndPoint, string Host, IReadOnlyList<string> Topics, int FirstSource = 0);
