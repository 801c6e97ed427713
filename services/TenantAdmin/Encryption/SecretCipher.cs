using System.Security.Cryptography;
using System.Text;
using Realtime.Hosting.Configuration;

namespace Realtime.TenantAdmin.Encryption;

/// <summary>Encrypts and decrypts the secrets in the control tables (control-database.md section 9). Thread-safe.</summary>
/// <remarks>
/// Newer values are AES-256-GCM: <c>g1:</c> and the base64 of IV (12 bytes), tag (16 bytes), ciphertext. Older ones are AES-128-ECB with
/// PKCS#7 padding: plain base64. The value says which it is. There is no key derivation.
/// </remarks>
internal sealed class SecretCipher
{
    /// <summary>Starts every value of the newer format; a colon cannot occur in the older one.</summary>
    public const string GcmPrefix = "g1:";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private const int IvBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[]? _ecbKey;
    private readonly byte[]? _gcmKey;

    public SecretCipher(ControlDatabaseSettings settings)
    {
        _ecbKey = settings.EncryptionKey is { } key ? Encoding.UTF8.GetBytes(key) : null;
        _gcmKey = settings.EncryptionKeyGcm is { } gcmKey ? Encoding.UTF8.GetBytes(gcmKey) : null;
        WritesGcm = settings.WriteGcm && _gcmKey is not null;
    }

    /// <summary>Whether new values get the newer format.</summary>
    public bool WritesGcm { get; }

    /// <summary>Whether new values can be written at all.</summary>
    public bool CanWrite => WritesGcm || _ecbKey is not null;

    /// <summary>Whether a stored value has the older format.</summary>
    public static bool IsLegacy(string stored) => !stored.StartsWith(GcmPrefix, StringComparison.Ordinal);

    /// <summary>The text to store for a secret.</summary>
    /// <exception cref="SecretUnreadableException">No key is set.</exception>
    public string Encrypt(string plaintext)
    {
        var bytes = Encoding.UTF8.GetBytes(plaintext);
        if (WritesGcm)
        {
            Span<byte> iv = stackalloc byte[IvBytes];
            RandomNumberGenerator.Fill(iv);
            return EncryptGcm(bytes, iv);
        }

        return Convert.ToBase64String(WithEcb(aes => aes.EncryptEcb(bytes, PaddingMode.PKCS7)));
    }

    /// <summary>The secret behind a stored text, whichever format it has.</summary>
    /// <exception cref="SecretUnreadableException">The key is not set or is another, or the value is damaged.</exception>
    public string Decrypt(string stored)
    {
        if (!IsLegacy(stored))
        {
            return Encoding.UTF8.GetString(DecryptGcm(stored));
        }

        try
        {
            // Strict, because the older format has no authentication: another key that happens to leave a valid padding gives noise.
            return StrictUtf8.GetString(DecryptEcb(stored));
        }
        catch (DecoderFallbackException e)
        {
            throw UnreadableEcb(e);
        }
    }

    internal string EncryptGcm(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> iv)
    {
        var packed = new byte[IvBytes + TagBytes + plaintext.Length];
        iv.CopyTo(packed);
        using var gcm = new AesGcm(GcmKey(), TagBytes);
        gcm.Encrypt(iv, plaintext, packed.AsSpan(IvBytes + TagBytes), packed.AsSpan(IvBytes, TagBytes));
        return GcmPrefix + Convert.ToBase64String(packed);
    }

    private byte[] DecryptGcm(string stored)
    {
        var key = GcmKey();
        try
        {
            var packed = Convert.FromBase64String(stored[GcmPrefix.Length..]);
            if (packed.Length >= IvBytes + TagBytes)
            {
                var plaintext = new byte[packed.Length - IvBytes - TagBytes];
                using var gcm = new AesGcm(key, TagBytes);
                gcm.Decrypt(packed.AsSpan(0, IvBytes), packed.AsSpan(IvBytes + TagBytes), packed.AsSpan(IvBytes, TagBytes), plaintext);
                return plaintext;
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw UnreadableGcm(e);
        }

        throw UnreadableGcm(null);
    }

    private byte[] DecryptEcb(string stored)
    {
        try
        {
            var ciphertext = Convert.FromBase64String(stored);
            // Only the last byte of the padding counts; the others are not verified.
            var padded = WithEcb(aes => aes.DecryptEcb(ciphertext, PaddingMode.None));
            var padding = padded.Length > 0 ? padded[^1] : 0;
            if (padding is >= 1 and <= 16)
            {
                return padded[..^padding];
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw UnreadableEcb(e);
        }

        throw UnreadableEcb(null);
    }

    private byte[] WithEcb(Func<Aes, byte[]> work)
    {
        using var aes = Aes.Create();
        aes.Key = _ecbKey ?? throw new SecretUnreadableException(
            "DB_ENC_KEY is not set: it is the 16-byte key of secrets in the older format, and of new ones unless DB_ENC_WRITE_GCM and DB_ENC_KEY_GCM are set");
        return work(aes);
    }

    private byte[] GcmKey() => _gcmKey ?? throw new SecretUnreadableException(
        "DB_ENC_KEY_GCM is not set: it is the 32-byte key of secrets in the newer format");

    private static SecretUnreadableException UnreadableGcm(Exception? cause) => new(
        "GCM decryption failed: ciphertext or authentication tag is invalid. DB_ENC_KEY_GCM is not the key the value was written with, or the value is damaged", cause);

    private static SecretUnreadableException UnreadableEcb(Exception? cause) => new(
        "AES-128-ECB decryption failed: the value is damaged, or DB_ENC_KEY is not the key it was written with", cause);
}
