"""Parts of `tools/train_mood.py`: the sets, texts as rows, and the models that are no plain fit."""
