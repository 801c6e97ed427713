namespace Realtime.Hosting.Configuration;

/// <summary>The process cannot start with the given settings; the message has one line for each mistake.</summary>
public sealed class InvalidConfigurationException(IReadOnlyList<string> errors)
    : Exception($"The configuration has {errors.Count} mistake{(errors.Count == 1 ? "" : "s")}:{Environment.NewLine}{string.Join(Environment.NewLine, errors.Select(e => "  " + e))}")
{
    /// <summary>The mistakes, in the order of reading.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
