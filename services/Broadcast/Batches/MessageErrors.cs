namespace Realtime.Broadcast.Batches;

/// <summary>What is wrong with one message of a batch (http-api.md 8.1.3).</summary>
[Flags]
internal enum MessageErrors : ushort
{
    None = 0,
    TopicBlank = 1,
    TopicInvalid = 2,
    PayloadBlank = 4,
    PayloadInvalid = 8,
    PayloadTooLarge = 16,
    EventBlank = 32,
    EventInvalid = 64,
    PrivateInvalid = 128,
    IdInvalid = 256,
}
