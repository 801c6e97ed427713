using System.Reflection;
using System.Text;

namespace Realtime.Postgres.TenantSchema;

/// <summary>One step of the schema: an embedded <c>.sql</c> file, written so that running it on a database that has it changes nothing.</summary>
/// <param name="Name">File name without its ending, e.g. <c>0005-send</c>; also the order.</param>
/// <param name="Sql">The statements.</param>
internal sealed record TenantMigration(string Name, string Sql)
{
    private const string Prefix = "TenantSchema/";

    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<TenantMigration> All { get; } = Load();

    private static TenantMigration[] Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(n => new TenantMigration(n[Prefix.Length..], Read(assembly, n)))];
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
