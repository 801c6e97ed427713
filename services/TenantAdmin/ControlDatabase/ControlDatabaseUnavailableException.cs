namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>The control database could not be made ready at start. The message is one line for the operator, free of secrets.</summary>
public sealed class ControlDatabaseUnavailableException : Exception
{
    internal ControlDatabaseUnavailableException(string database, Exception innerException)
        : base(
            $"The control database could not be used ({database}): {ControlDatabaseFailure.Reason(innerException)}. " +
            "Check that PostgreSQL runs there, that the database exists and that the user may create a schema in it; " +
            "the settings are DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD and DB_SSL.",
            innerException) { }
}
