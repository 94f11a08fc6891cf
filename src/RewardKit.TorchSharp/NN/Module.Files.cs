namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Writes parameters and persistent buffers to a file, in TorchSharp's format.</summary>
            /// <param name="location">The file, which is replaced.</param>
            /// <param name="skip">Paths in the state dictionary to leave out.</param>
            public Module save(string location, IList<string>? skip = null) => save(File.Create(location), skip);

            /// <summary>Writes parameters and persistent buffers in TorchSharp's format, and closes the stream.</summary>
            public Module save(Stream stream, IList<string>? skip = null)
            {
                using var writer = new BinaryWriter(stream);
                return save(writer, skip);
            }

            /// <summary>Writes parameters and persistent buffers in TorchSharp's format.</summary>
            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                save_state_dict(writer, state_dict(), skip);
                return this;
            }

            /// <summary>Writes a state dictionary: the number of entries, and for each its path and tensor.</summary>
            public static void save_state_dict(BinaryWriter writer, Dictionary<string, Tensor> sd, IList<string>? skip = null)
            {
                var entries = sd.Where(entry => skip is null || !skip.Contains(entry.Key)).ToList();
                TensorFile.WriteCount(writer, entries.Count);
                foreach (var (path, tensor) in entries)
                {
                    writer.Write(path);
                    tensor.Save(writer);
                }
            }

            /// <summary>Reads parameters and buffers that <see cref="save(string, IList{string})"/> wrote.</summary>
            /// <param name="location">The file.</param>
            /// <param name="strict">Whether the file must have just this module's paths; otherwise what fits is read.</param>
            /// <param name="skip">Paths whose tensors stay as they are.</param>
            /// <param name="loadedParameters">Gets the file's paths, and whether the module has them.</param>
            /// <exception cref="ArgumentException">A type or shape differs, or <paramref name="strict"/> is hurt.</exception>
            /// <exception cref="InvalidDataException">The file is of another format, or damaged.</exception>
            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(File.OpenRead(location));
                try
                {
                    return load(reader, strict, skip, loadedParameters);
                }
                catch (ArgumentException error)
                {
                    throw new ArgumentException($"'{location}' cannot be loaded into {GetName()}: {error.Message}", error);
                }
                catch (Exception error) when (error is EndOfStreamException or InvalidDataException or FormatException or OverflowException)
                {
                    throw new InvalidDataException($"'{location}' cannot be loaded into {GetName()}: {error.Message}", error);
                }
            }

            /// <summary>Reads parameters and buffers from a stream, and closes it.</summary>
            public Module load(Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(stream);
                return load(reader, strict, skip, loadedParameters);
            }

            /// <summary>Reads parameters and buffers.</summary>
            public virtual Module load(BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                var targets = state_dict();
                var count = TensorFile.ReadCount(reader);
                if (strict && count != targets.Count)
                    throw new ArgumentException($"The state has {count} entries, but {GetName()} has {targets.Count}; strict: false loads what fits");
                for (long k = 0; k < count; k++)
                {
                    var path = reader.ReadString();
                    var found = targets.TryGetValue(path, out var target);
                    if (strict && !found) throw new ArgumentException($"{GetName()} has neither a parameter nor a buffer '{path}'; strict: false loads what fits");
                    if (target is null || skip?.Contains(path) == true)
                    {
                        var (type, shape) = TensorFile.ReadHeader(reader);
                        TensorFile.SkipElements(reader, type, shape);
                    }
                    else
                    {
                        Load(path, target, reader);
                    }
                    loadedParameters?.Add(path, found);
                }
                return this;
            }

            /// <summary>A new module with the state of a file.</summary>
            public static Module Create<T>(string path) where T : Module, new() => new T().load(path);

            private static void Load(string path, Tensor target, BinaryReader reader)
            {
                try
                {
                    target.Load(reader);
                }
                catch (ArgumentException error)
                {
                    throw new ArgumentException($"'{path}': {error.Message}", error);
                }
            }
        }
    }
}
