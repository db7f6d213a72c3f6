"""Files of ONNX: a network as data. Needs goalshift[onnx]."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from .....engine import extras
from .....engine.counts import counted
from .....engine.errors import UserError
from .....engine.files import read
from ..base import Answer, Asked, Brought, Foreign
from ..kind import Kind
from ..view import Space

MOST = 256 << 20  # bytes of a file
SECONDS = 60.0  # for one question, about all environments together
TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


def onnx(
    path: str | Path,
    obs: str | None = None,
    name: str = "",
    greedy: bool = False,
    seed: int = 0,
) -> Foreign:
    """A policy of a file of ONNX, run on one thread.

    It has one input [rows, ...]. Its outputs are "logits" (else the first) [rows, actions], perhaps
    "value" [rows] or [rows, 1]; others are layers. One called "action" or "actions" is taken where
    there are no logits. obs: what it looks at; else the file's metadata "obs", else its shape says.

    Raises UserError for files that are too large, broken, or name data in other files.
    """
    path = Path(path)
    content = read(path, MOST)
    session = _session(content, path)
    meta = session.get_modelmeta().custom_metadata_map
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1:
        raise UserError(f"'{path}' has {len(inputs)} inputs ({_names(inputs)}); one is needed")
    (given,) = inputs
    if given.type not in TYPES or len(given.shape) < 2:
        raise UserError(f"'{path}': the input '{given.name}' is {given.type} {given.shape}")
    rows, *sides = given.shape
    if isinstance(rows, int) and rows != 1:
        raise UserError(
            f"'{path}': the input takes {counted(rows, 'row')}; export it for any number, or one"
        )
    shape = tuple(side if isinstance(side, int) else None for side in sides)
    for out in outputs:
        if not out.type.startswith("tensor(") or "string" in out.type:
            raise UserError(f"'{path}': the output '{out.name}' is {out.type}, and no number")
    names = [out.name for out in outputs]

    def run(asked: Asked) -> dict[str, np.ndarray]:
        try:
            if rows == 1:
                each = [ended(session, names, {given.name: one[None]}) for one in asked.seen]
                found = [np.concatenate(parts) for parts in zip(*each, strict=True)]
            else:
                found = ended(session, names, {given.name: asked.seen})
        except Exception as fault:  # onnxruntime has no common class of its faults
            raise UserError(f"'{path}' fails: {str(fault).splitlines()[0][:200]}") from None
        return dict(zip(names, found, strict=True))

    def ask(asked: Asked) -> Answer:
        found = run(asked)
        logits = found.pop("logits" if "logits" in found else names[0])
        value = next((found.pop(key) for key in ("value", "values") if key in found), None)
        layers = {key: x for key, x in found.items() if x.ndim >= 2 and x.dtype.kind == "f"}
        return Answer(logits, None if value is None else value.reshape(len(logits)), layers)

    acts = [key for key in ("action", "actions") if key in names]
    only = bool(acts) and "logits" not in names
    brought = Brought(
        "a file of ONNX",
        obs or meta.get("obs"),
        Space(shape, np.dtype(TYPES[given.type])),
        act=(lambda asked: run(asked)[acts[0]].reshape(-1)) if only else None,
        ask=None if only else ask,
    )
    return brought.policy(name or path.stem, greedy, seed)


def ended(session: Any, names: list[str], given: dict[str, Any]) -> list[np.ndarray]:
    """What the network gives; a fault if it has not come to an end in SECONDS, as a loop need not."""
    import onnxruntime  # pyright: ignore[reportMissingImports]

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    alarm = threading.Timer(SECONDS, setattr, (options, "terminate", True))
    alarm.daemon = True
    alarm.start()
    try:
        return session.run(names, given, options)
    except Exception as fault:  # onnxruntime has no common class of its faults
        if options.terminate:
            raise RuntimeError(f"it does not come to an end in {SECONDS:g} s") from fault
        raise
    finally:
        alarm.cancel()


def _session(content: bytes, path: Path) -> Any:
    """The network, ready to run. Raises UserError."""
    try:
        import onnxruntime  # pyright: ignore[reportMissingImports]
        from onnx import ModelProto  # pyright: ignore[reportAttributeAccessIssue, reportMissingImports]
    except ImportError as fault:
        raise UserError(f"'{path}' needs '{fault.name}': {extras.remedy('onnx')}") from None
    try:
        model = ModelProto.FromString(content)
    except Exception:  # protobuf has no common class of its faults
        raise UserError(f"'{path}' is no file of ONNX") from None
    if _outside(model):
        raise UserError(f"'{path}' names data in other files: save it as one file")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as fault:
        raise UserError(f"'{path}' cannot be run: {str(fault).splitlines()[0][:200]}") from None


def _outside(message: Any) -> bool:
    """Does any tensor in it lie in another file? protobuf has limited its depth already."""
    if message.DESCRIPTOR.name == "TensorProto":
        return bool(message.data_location or message.external_data)
    parts = (
        part
        for field, value in message.ListFields()
        if field.message_type is not None
        for part in (value if hasattr(value, "__len__") else [value])
    )
    return any(_outside(part) for part in parts if hasattr(part, "ListFields"))


def _names(parts: Any) -> str:
    return ", ".join(part.name for part in parts)


KIND = Kind("a file of ONNX", endings=(".onnx",), open=onnx)
