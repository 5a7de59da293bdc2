"""The gate: reads an article's title and text, and says flag, hold or reject, with the evidence.

`model.load()` gives the model, `Model.judge` the verdict. Everything at run time is plain Python; only `train` needs
scikit-learn and LightGBM.
"""
