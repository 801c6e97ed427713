using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace Realtime.Hosting.Tokens;

/// <summary>Pools the platform's key objects, which one thread at a time may use.</summary>
internal static class ImportedKeys
{
    private static readonly DefaultObjectPoolProvider Provider = new();

    /// <summary>A pool of imports of one key, or null when the platform does not take the key.</summary>
    public static ObjectPool<T>? TryPool<T>(Func<T> import)
        where T : AsymmetricAlgorithm
    {
        try
        {
            var pool = Provider.Create(new ImportPolicy<T>(import));
            pool.Return(pool.Get());
            return pool;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed class ImportPolicy<T>(Func<T> import) : PooledObjectPolicy<T>
        where T : AsymmetricAlgorithm
    {
        public override T Create() => import();

        public override bool Return(T obj) => true;
    }
}
