using Realtime.Cdc.Subscriptions;
using Realtime.Cdc.Tables;

namespace Realtime.Cdc.Visibility;

/// <summary>Which of some rows of a table a viewer may see under the table's policies.</summary>
/// <param name="Table">The table.</param>
/// <param name="Viewer">Role and claims.</param>
/// <param name="Keys">Texts of the primary key, one array per key column; shared between questions about the same rows.</param>
/// <param name="Count">Number of rows.</param>
internal sealed record VisibilityQuestion(TableModel Table, Viewer Viewer, string?[][] Keys, int Count)
{
    /// <summary>The answer: whether each row is visible. Null when there is none.</summary>
    public bool[]? Visible { get; set; }

    /// <summary>Why there is no answer: a text of the database.</summary>
    public string? Error { get; set; }
}
