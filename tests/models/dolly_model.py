"""A custom model with the signature that text clients expect: prompt and stop in, one text out.

It is no language model: it says what it was asked, so that a test can tell what reached it.
"""

import mlflow
from mlflow.pyfunc import PythonModel


class Parrot(PythonModel):
    def predict(self, context, model_input, params=None):
        ending = (params or {}).get("ending", "")
        return [self.answer(row, ending) for row in model_input.to_dict("records")]

    def answer(self, row, ending):
        if row["prompt"] == "fail":
            raise ValueError("the model was told to fail")
        text = f"You said: {row['prompt']}{ending}\nI am a parrot.\n\n### End\nand more."
        stop = row.get("stop")
        for mark in [] if stop is None else stop:
            text = text.split(mark)[0]
        return text


mlflow.models.set_model(Parrot())
