"""
A language model of two small layers and random weights, with a tokenizer of its own: what it says means nothing.

Runs in the environment of an inference engine, which brings tokenizers, transformers and safetensors:
``python tiny_model.py FOLDER``.  No weights are downloaded; the same folder comes of every run.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = """\
{%- if tools %}<|im_start|>system
Call functions as JSON within <tool_call></tool_call>.
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}<|im_end|>
{% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% elif message.content %}
{%- for part in message.content %}{{ part.text }}{% endfor %}{% endif %}
{%- for call in message.tool_calls or [] %}
<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>
{%- endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
WIDTH, INNER, LAYERS, HEADS, VOCABULARY = 64, 128, 2, 4, 2000


def tokenizer(folder: Path) -> int:
    """
    Train a tokenizer of bytes on our own documents, save it with its chat template, and return its size.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=alphabet)
    bpe.train([str(path) for path in sorted((ROOT / "docs").glob("*.md"))], trainer)
    saved = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=SPECIAL[2], pad_token=SPECIAL[0], model_max_length=4096
    )
    saved.chat_template = TEMPLATE
    saved.save_pretrained(folder)
    return len(saved)


def weights(folder: Path, size: int) -> None:
    """
    Save random weights in the shape of a Llama model.
    """
    chance = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return (chance.standard_normal(shape) * 0.3).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    made = {"model.embed_tokens.weight": drawn(size, WIDTH), "lm_head.weight": drawn(size, WIDTH)}
    made["model.norm.weight"] = ones
    for number in range(LAYERS):
        layer = f"model.layers.{number}."
        made |= {f"{layer}self_attn.{name}_proj.weight": drawn(WIDTH, WIDTH) for name in "qkvo"}
        made |= {f"{layer}mlp.{name}_proj.weight": drawn(INNER, WIDTH) for name in ("gate", "up")}
        made[f"{layer}mlp.down_proj.weight"] = drawn(WIDTH, INNER)
        made |= {f"{layer}{name}_layernorm.weight": ones for name in ("input", "post_attention")}
    save_file(made, folder / "model.safetensors", metadata={"format": "pt"})


def configuration(folder: Path, size: int) -> None:
    """
    Save what the engine needs to know of the model.
    """
    made = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": size,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "head_dim": WIDTH // HEADS,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(made), encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 2, "pad_token_id": 0}), encoding="utf-8")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    length = tokenizer(place)
    weights(place, length)
    configuration(place, length)
