using System.Buffers;
using System.Text;
using System.Text.Json;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Api;

/// <summary>The management API of tenants (http-api.md section 7).</summary>
internal static partial class TenantRoutes
{
    private static readonly IResult BadRequest = new PhraseResult(StatusCodes.Status400BadRequest);
    private static readonly IResult NotFound = MessageResult.Message(StatusCodes.Status404NotFound, "not found");

    public static void Map(IEndpointRouteBuilder routes)
    {
        var tenants = routes.MapGroup("/api/tenants")
            .RequireJsonAccepted()
            .RequireManagementToken()
            .AddEndpointFilter<RouteGroupBuilder, TenantRequestFilter>();
        tenants.MapGet("", ListAsync);
        tenants.MapPost("", PostAsync).WithRequestBody();
        tenants.MapGet("/{tenant_id}", GetAsync);
        tenants.MapMethods("/{tenant_id}", [HttpMethods.Put, HttpMethods.Patch], PutAsync).WithRequestBody();
        tenants.MapDelete("/{tenant_id}", DeleteAsync);
        tenants.MapPost("/{tenant_id}/reload", ReloadAsync);
        tenants.MapPost("/{tenant_id}/shutdown", ShutdownAsync);
        tenants.MapGet("/{tenant_id}/health", HealthAsync);
    }

    internal static async Task<IResult> ListAsync(TenantRegistry tenants, CancellationToken cancellationToken)
    {
        var all = await tenants.ListAsync(cancellationToken);
        return new JsonBody(StatusCodes.Status200OK, writer => TenantView.WriteAll(writer, all));
    }

    internal static async Task<IResult> PostAsync(
        HttpContext context, TenantRegistry tenants, ILogger<TenantRegistry> logger, CancellationToken cancellationToken)
    {
        if (ReadTenant(context) is not { } tenant)
        {
            return BadRequest;
        }

        if (tenant.ValueKind != JsonValueKind.Object)
        {
            return Unprocessable(NotAnObject(), logger);
        }

        var (externalId, errors) = TenantWriter.CheckAsNew(tenant);
        return externalId is null
            ? Unprocessable(errors, logger)
            : await WriteAsync(context, externalId, tenant, tenants, logger, cancellationToken);
    }

    internal static async Task<IResult> PutAsync(
        string tenant_id, HttpContext context, TenantRegistry tenants, ILogger<TenantRegistry> logger, CancellationToken cancellationToken)
    {
        if (ReadTenant(context) is not { } tenant)
        {
            return BadRequest;
        }

        return tenant.ValueKind == JsonValueKind.Object
            ? await WriteAsync(context, tenant_id, tenant, tenants, logger, cancellationToken)
            : Unprocessable(NotAnObject(), logger);
    }

    internal static async Task<IResult> GetAsync(
        string tenant_id, TenantRegistry tenants, ILogger<TenantRegistry> logger, CancellationToken cancellationToken) =>
        await tenants.FindAsync(tenant_id, cancellationToken) is { } tenant
            ? new JsonBody(StatusCodes.Status200OK, writer => TenantView.WriteOne(writer, tenant))
            : Missing(tenant_id, logger);

    internal static async Task<IResult> DeleteAsync(string tenant_id, TenantRegistry tenants, CancellationToken cancellationToken) =>
        await tenants.DeleteAsync(tenant_id, cancellationToken) is { } failure
            ? MessageResult.Message(StatusCodes.Status500InternalServerError, $"The tenant was deleted, but {failure}")
            : TypedResults.NoContent();

    internal static async Task<IResult> ReloadAsync(
        string tenant_id, TenantRegistry tenants, ILogger<TenantRegistry> logger, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(tenant_id, cancellationToken) is not { } tenant)
        {
            return Missing(tenant_id, logger);
        }

        await tenants.ReloadAsync(tenant);
        return TypedResults.NoContent();
    }

    internal static async Task<IResult> ShutdownAsync(
        string tenant_id, TenantRegistry tenants, ILogger<TenantRegistry> logger, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(tenant_id, cancellationToken) is not { } tenant)
        {
            return Missing(tenant_id, logger);
        }

        await tenants.ShutdownAsync(tenant);
        return TypedResults.NoContent();
    }

    internal static async Task<IResult> HealthAsync(
        string tenant_id, TenantRegistry tenants, TenantHealthCheck check, TenantAnnouncements announcements, NodeSettings node,
        ILogger<TenantRegistry> logger, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(tenant_id, cancellationToken) is not { } tenant)
        {
            return Missing(tenant_id, logger);
        }

        var health = await check.CheckAsync(tenant, cancellationToken);
        return new JsonBody(StatusCodes.Status200OK, writer => TenantView.WriteHealth(writer, health, node.Region, announcements.Node.Value));
    }

    private static async Task<IResult> WriteAsync(
        HttpContext context, string externalId, JsonElement tenant, TenantRegistry tenants, ILogger logger, CancellationToken cancellationToken)
    {
        var outcome = await tenants.WriteAsync(externalId, tenant, cancellationToken);
        if (outcome.MigrationFailure is { } failure)
        {
            return MessageResult.Message(
                StatusCodes.Status422UnprocessableEntity,
                $"The tenant was stored, but its database could not be migrated: {failure}. The migrations run again when the tenant is first used");
        }

        return outcome.Write switch
        {
            TenantWrite.Rejected rejected => Unprocessable(rejected.Errors, logger),
            TenantWrite.Created created => Stored(context, StatusCodes.Status201Created, created.Tenant),
            TenantWrite.Updated updated => Stored(context, StatusCodes.Status200OK, updated.Tenant),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static JsonBody Stored(HttpContext context, int status, StoredTenant tenant)
    {
        context.Response.Headers.Location = $"/api/tenants/{Uri.EscapeDataString(tenant.ExternalId)}";
        return new JsonBody(status, writer => TenantView.WriteOne(writer, tenant));
    }

    // The body is valid JSON of any depth by now; deeper than a tenant can be is as bad as malformed.
    private static JsonElement? ReadTenant(HttpContext context)
    {
        if (context.Features.Get<RequestBody>() is not { Kind: RequestBodyKind.Json } body)
        {
            return null;
        }

        try
        {
            var root = JsonElement.Parse(body.Bytes.Span);
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("tenant", out var tenant) ? tenant : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static TenantErrors NotAnObject()
    {
        var errors = new TenantErrors();
        errors.Add("tenant", TenantErrors.Invalid);
        return errors;
    }

    private static JsonBody Unprocessable(TenantErrors errors, ILogger logger)
    {
        if (logger.IsEnabled(LogLevel.Error))
        {
            var text = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(text))
            {
                errors.WriteTo(writer);
            }

            Log.Unprocessable(logger, Encoding.UTF8.GetString(text.WrittenSpan));
        }

        return new JsonBody(StatusCodes.Status422UnprocessableEntity, errors.WriteTo);
    }

    private static IResult Missing(string externalId, ILogger logger)
    {
        Log.NotFound(logger, new TenantId(externalId));
        return NotFound;
    }

    private static partial class Log
    {
        // Names of fields and fixed texts only: no value that was sent is among them.
        [LoggerMessage(101, LogLevel.Error, "UnprocessableEntity: {Errors}")]
        public static partial void Unprocessable(ILogger logger, string errors);

        [LoggerMessage(102, LogLevel.Error, "TenantNotFound: {Tenant}")]
        public static partial void NotFound(ILogger logger, TenantId tenant);
    }
}
