"""Saves the model of dolly_model.py to the folder named on the command line."""

import sys

import mlflow
from mlflow.models import ModelSignature
from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema

source, folder = sys.argv[1:]
signature = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "prompt"), ColSpec(Array(DataType.string), "stop", required=False)]),
    outputs=Schema([ColSpec(DataType.string)]),
    params=ParamSchema([ParamSpec("ending", DataType.string, "")]),
)
mlflow.pyfunc.save_model(folder, python_model=source, signature=signature, pip_requirements=["mlflow"])
