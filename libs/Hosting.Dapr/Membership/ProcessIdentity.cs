namespace Realtime.Hosting.Dapr.Membership;

/// <summary>This process among those of the cluster; new at every start.</summary>
/// <param name="Id">What others know it by.</param>
/// <param name="Service">Which service it is, for people.</param>
internal sealed record ProcessIdentity(Guid Id, string Service);
