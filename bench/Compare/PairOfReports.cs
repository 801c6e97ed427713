using Realtime.Load.Measuring;

namespace Realtime.Compare;

/// <summary>One scenario, measured on both servers directly after each other.</summary>
internal sealed record PairOfReports(int Round, LoadReport Bare, LoadReport Ours);
