using System.Text.Json;
using System.Text.Json.Serialization;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>The bodies of internal routes. Members that one side does not know are ignored: services are renewed one after the other.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(TenantConfig))]
[JsonSerializable(typeof(ChannelAuthorizationRequest))]
[JsonSerializable(typeof(ChannelAuthorization))]
[JsonSerializable(typeof(ChannelAuthorization?))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(ReplayResult))]
[JsonSerializable(typeof(ReplayResult?))]
internal sealed partial class InternalJson : JsonSerializerContext;
