namespace RewardKit.Torch.Tests.Distributed;

public class ProcessPlaceTests
{
    private static readonly Dictionary<string, string> s_second = new()
    {
        ["RANK"] = "1",
        ["WORLD_SIZE"] = "2",
        ["LOCAL_RANK"] = "1",
        ["MASTER_ADDR"] = "127.0.0.1",
        ["MASTER_PORT"] = "29500",
    };

    [Test]
    public void Without_the_variables_there_is_one_process() => Assert.That(ProcessPlace.From(_ => null), Is.Null);

    [Test]
    public void A_world_of_one_needs_no_meeting_place()
    {
        var place = ProcessPlace.From(name => name switch { "RANK" => "0", "WORLD_SIZE" => "1", _ => null });
        Assert.That(place, Is.EqualTo(new ProcessPlace(0, 1, 0, "", 0)));
    }

    [Test]
    public void Torchruns_variables_name_the_place()
    {
        var place = ProcessPlace.From(name => s_second.GetValueOrDefault(name))!;
        Assert.That((place.Rank, place.Size, place.LocalRank, place.Host, place.Port, place.StoreIsServed), Is.EqualTo((1, 2, 1, "127.0.0.1", 29500, false)));
    }

    [Test]
    public void Torchruns_agent_serves_the_store_itself() => Assert.That(
        ProcessPlace.From(name => name == "TORCHELASTIC_USE_AGENT_STORE" ? "True" : s_second.GetValueOrDefault(name))!.StoreIsServed, Is.True);

    [TestCase("RANK", "2", "RANK is \"2\"; expected a whole number from 0 to 1.")]
    [TestCase("WORLD_SIZE", "two", "WORLD_SIZE is \"two\"")]
    [TestCase("MASTER_PORT", "0", "MASTER_PORT is \"0\"; expected a whole number from 1 to 65535.")]
    [TestCase("MASTER_ADDR", null, "but MASTER_ADDR is not")]
    [TestCase("RANK", null, "but RANK is not")]
    public void A_wrong_variable_is_named(string name, string? value, string message) => Assert.That(
        () => ProcessPlace.From(asked => asked == name ? value : s_second.GetValueOrDefault(asked)),
        Throws.InstanceOf<FormatException>().With.Message.Contains(message));
}
