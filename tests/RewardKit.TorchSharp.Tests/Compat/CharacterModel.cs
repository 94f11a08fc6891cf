using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Samples;

/// <summary>A small transformer over characters, written as TorchSharp's documentation writes modules.</summary>
internal sealed class CharacterModel : Module<Tensor, Tensor>
{
    private readonly Embedding tokens;
    private readonly Parameter positions;
    private readonly ModuleList<Block> blocks;
    private readonly Sequential head;
    private readonly Tensor mask;

    public CharacterModel(long vocabulary, long context, long width, int layers, Device? device = null) : base(nameof(CharacterModel))
    {
        tokens = Embedding(vocabulary, width);
        positions = Parameter(torch.randn(context, width) * 0.02);
        blocks = ModuleList(Enumerable.Range(0, layers).Select(_ => new Block(width)).ToArray());
        head = Sequential(("norm", LayerNorm(width)), ("drop", Dropout(0.1)), ("linear", Linear(width, vocabulary)));
        mask = torch.ones(context, context, dtype: ScalarType.Bool).tril();
        RegisterComponents();
        if (device is not null && device.type == DeviceType.CUDA) this.to(device);
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = torch.NewDisposeScope();
        var length = input.size(1);
        var x = tokens.call(input) + positions[TensorIndex.Slice(0, length)];
        using var visible = mask[TensorIndex.Slice(stop: length), TensorIndex.Slice(stop: length)];
        foreach (var block in blocks) x = block.call(x, visible);
        return head.call(x).MoveToOuterDisposeScope();
    }

    private sealed class Block : Module<Tensor, Tensor, Tensor>
    {
        private readonly LayerNorm norm1, norm2;
        private readonly Linear query, key, value, output;
        private readonly Sequential mlp;

        public Block(long width) : base(nameof(Block))
        {
            norm1 = LayerNorm(width);
            norm2 = LayerNorm(width);
            query = Linear(width, width, hasBias: false);
            key = Linear(width, width, hasBias: false);
            value = Linear(width, width, hasBias: false);
            output = Linear(width, width);
            mlp = Sequential(Linear(width, 4 * width), GELU(), Linear(4 * width, width));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor visible)
        {
            using var scope = NewDisposeScope();
            var h = norm1.call(x);
            var (q, k, v) = (query.call(h), key.call(h), value.call(h));
            var scores = q.matmul(k.transpose(-2, -1)) / Math.Sqrt(q.size(-1));
            var weights = F.softmax(scores.masked_fill(visible.logical_not(), double.NegativeInfinity), dim: -1);
            x = x + output.call(weights.matmul(v));
            return (x + mlp.call(norm2.call(x))).MoveToOuterDisposeScope();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                norm1.Dispose();
                norm2.Dispose();
                mlp.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
