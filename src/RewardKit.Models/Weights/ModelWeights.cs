using TorchSharp.Modules;

namespace RewardKit.Models;

/// <summary>What an untrained parameter holds.</summary>
internal enum Start
{
    /// <summary>Normally distributed numbers.</summary>
    Normal,

    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>Ones.</summary>
    Ones,
}

/// <summary>Where parameters come from: a checkpoint, or random numbers.</summary>
internal interface IParameterSource
{
    /// <summary>Makes a parameter.</summary>
    /// <param name="name">Its full name in Hugging Face's layout.</param>
    /// <param name="start">What it holds in an untrained model.</param>
    /// <param name="shape">Its shape.</param>
    Parameter Take(string name, Start start, long[] shape);
}

/// <summary>A place in a model's tree of names, from which a module takes its parameters as it is made.</summary>
internal sealed class ModelWeights
{
    private readonly IParameterSource _source;
    private readonly string _path;

    /// <summary>The root.</summary>
    public ModelWeights(IParameterSource source) : this(source, "", "")
    {
    }

    private ModelWeights(IParameterSource source, string path, string place) => (_source, _path, Place) = (source, path, place);

    /// <summary>The last part of the path.</summary>
    public string Place { get; }

    /// <summary>The place below this one.</summary>
    public ModelWeights this[string part] => new(_source, $"{_path}{part}.", part);

    /// <summary>Takes the parameter of this name.</summary>
    public Parameter Take(string name, Start start, params long[] shape) => _source.Take(_path + name, start, shape);
}
