using System.Text;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tests.Encryption;

public sealed class SecretCipherTests
{
    private static readonly SecretCipher Ecb = new(new ControlDatabaseSettings { EncryptionKey = AdminHost.EcbKey });

    private static readonly SecretCipher Gcm = new(new ControlDatabaseSettings
    {
        EncryptionKey = AdminHost.EcbKey, EncryptionKeyGcm = AdminHost.GcmKey, WriteGcm = true,
    });

    [Theory]
    [InlineData("hello", "67fHA+Z12z2jlwOLTBeCPA==")]
    [InlineData("postgres", "v1QVng3N+pZd/0AEObABwg==")]
    [InlineData("5433", "PqTiNQ6TybOgLz58iS1nJA==")]
    [InlineData("sixteen-bytes-ok", "KCmTXgrJUtlZsJh3rl7ASAUBh6DN5amHLLqwkatz5VM=")]
    [InlineData("", "BQGHoM3lqYcsurCRq3PlUw==")]
    public void Older_format_equals_the_documented_vectors_both_ways(string plaintext, string stored)
    {
        Assert.Equal(stored, Ecb.Encrypt(plaintext));
        Assert.Equal(plaintext, Ecb.Decrypt(stored));
        Assert.Equal(plaintext, Gcm.Decrypt(stored));
    }

    [Theory]
    [InlineData("hello", "g1:AAECAwQFBgcICQoL2TdY9NiWL8JKTXUPkJLuCzAxC3Ya")]
    [InlineData("", "g1:AAECAwQFBgcICQoLaxFiZojnpO6bETNKvnDjEg==")]
    public void Newer_format_equals_the_documented_vectors_both_ways(string plaintext, string stored)
    {
        byte[] iv = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

        Assert.Equal(stored, Gcm.EncryptGcm(Encoding.UTF8.GetBytes(plaintext), iv));
        Assert.Equal(plaintext, Gcm.Decrypt(stored));
    }

    [Fact]
    public void Newer_format_never_writes_the_same_text_twice()
    {
        var first = Gcm.Encrypt("hello");

        Assert.StartsWith("g1:", first, StringComparison.Ordinal);
        Assert.NotEqual(first, Gcm.Encrypt("hello"));
        Assert.Equal("hello", Gcm.Decrypt(first));
    }

    [Fact]
    public void Newer_format_is_not_written_without_its_key_even_when_asked_for()
    {
        var cipher = new SecretCipher(new ControlDatabaseSettings { EncryptionKey = AdminHost.EcbKey, WriteGcm = true });

        Assert.False(cipher.WritesGcm);
        Assert.Equal("67fHA+Z12z2jlwOLTBeCPA==", cipher.Encrypt("hello"));
    }

    [Theory]
    [InlineData("g1:AAECAwQFBgcICQoL2TdY9NiWL8JKTXUPkJLuCzAxC3Yb")]
    [InlineData("g1:AAECAwQFBgcICQoM2TdY9NiWL8JKTXUPkJLuCzAxC3Ya")]
    [InlineData("g1:AAEC")]
    [InlineData("g1:not base64!")]
    [InlineData("g1:")]
    public void Damaged_newer_value_is_refused(string stored)
    {
        var failure = Assert.Throws<SecretUnreadableException>(() => Gcm.Decrypt(stored));

        Assert.StartsWith("GCM decryption failed: ciphertext or authentication tag is invalid", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("AAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==")]
    public void Damaged_older_value_is_refused(string stored)
    {
        var failure = Assert.Throws<SecretUnreadableException>(() => Ecb.Decrypt(stored));

        Assert.Contains("DB_ENC_KEY", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_key_is_named()
    {
        var none = new SecretCipher(new ControlDatabaseSettings());

        Assert.False(none.CanWrite);
        Assert.Contains("DB_ENC_KEY is not set", Assert.Throws<SecretUnreadableException>(() => none.Encrypt("x")).Message, StringComparison.Ordinal);
        Assert.Contains("DB_ENC_KEY is not set", Assert.Throws<SecretUnreadableException>(() => none.Decrypt("67fHA+Z12z2jlwOLTBeCPA==")).Message, StringComparison.Ordinal);
        Assert.Contains("DB_ENC_KEY_GCM is not set", Assert.Throws<SecretUnreadableException>(() => none.Decrypt("g1:AAEC")).Message, StringComparison.Ordinal);
    }
}
