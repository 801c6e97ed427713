namespace Realtime.TenantAdmin.Encryption;

/// <summary>A stored secret cannot be decrypted, or a new one not encrypted. The message names the variable to set and is free of secrets.</summary>
public sealed class SecretUnreadableException(string message, Exception? innerException = null) : Exception(message, innerException);
