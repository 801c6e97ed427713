using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>What a request says about the media types it takes. Weights are not looked at, as the reference server does not.</summary>
/// <param name="IsAbsent">There is no <c>Accept</c> header, or an empty one.</param>
/// <param name="HasJson"><c>application/json</c> or <c>application/*</c> is among them.</param>
/// <param name="HasAny"><c>*/*</c> is among them.</param>
internal readonly record struct AcceptHeader(bool IsAbsent, bool HasJson, bool HasAny)
{
    public static AcceptHeader Read(HttpRequest request)
    {
        var (isAbsent, hasJson, hasAny) = (true, false, false);
        foreach (var value in request.Headers.Accept)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var type = MediaType.Of(value.AsSpan()[range]);
                isAbsent &= type.IsEmpty;
                hasJson |= type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                    || type.Equals("application/*", StringComparison.Ordinal);
                hasAny |= type.Equals("*/*", StringComparison.Ordinal);
            }
        }

        return new AcceptHeader(isAbsent, hasJson, hasAny);
    }
}
