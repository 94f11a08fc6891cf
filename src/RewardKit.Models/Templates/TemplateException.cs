namespace RewardKit.Models.Templates;

/// <summary>What is wrong with a template, and in which of its lines; <see cref="JinjaTemplate"/> adds its name.</summary>
internal sealed class TemplateException(string message, int line) : Exception(message)
{
    public int Line => line;
}
