"""What each version of a standard operator added to the one before, from the ONNX project's schemas.

    python3 -m venv venv && venv/bin/pip install onnx
    venv/bin/python bench/peers/operator_history.py \\
        > hasten-graph/src/main/resources/dev/hasten/graph/opset-additions.txt

One line per operator and version, words after them:

    new                     the operator's first version, where that is above 7
    a=NAME:DEFAULT          an attribute, with its default; none if it has none
    i=COUNT                 inputs from this index on
    I=INDEX:TYPE,...        element types that input admits since, by their code in the file
    O=INDEX:TYPE,...        the same of an output

A version that added nothing, or changed what is there (see OpsetChanges), has no line.
"""

import onnx
from onnx import defs

TYPES = {
    f"tensor({name})": code
    for name, code in {
        **{n.lower(): c for n, c in onnx.TensorProto.DataType.items() if n != "UNDEFINED"}
    }.items()
}


def default(attribute):
    value = attribute.default_value
    if value.type == onnx.AttributeProto.INT:
        return str(value.i)
    if value.type == onnx.AttributeProto.FLOAT:
        return repr(round(value.f, 6))
    if value.type == onnx.AttributeProto.STRING:
        return value.s.decode()
    return "none"


def variadic(parameters):
    return bool(parameters) and parameters[-1].option == defs.OpSchema.FormalParameterOption.Variadic


def added_types(kind, before, after):
    for index, (old, new) in enumerate(zip(before, after)):
        codes = sorted(TYPES[t] for t in set(new.types) - set(old.types) if t in TYPES)
        if codes:
            yield f"{kind}={index}:" + ",".join(map(str, codes))


def additions(before, after):
    for name, attribute in sorted(after.attributes.items()):
        if name not in before.attributes:
            yield f"a={name}:{default(attribute)}"
    if len(after.inputs) > len(before.inputs) and not variadic(before.inputs):
        yield f"i={len(before.inputs)}"
    yield from added_types("I", before.inputs, after.inputs)
    yield from added_types("O", before.outputs, after.outputs)


def main():
    history = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            history.setdefault(schema.name, []).append(schema)
    for name, versions in sorted(history.items()):
        versions.sort(key=lambda s: s.since_version)
        if versions[0].since_version > 7:
            print(name, versions[0].since_version, "new")
        for before, after in zip(versions, versions[1:]):
            words = list(additions(before, after))
            if after.since_version > 7 and words:
                print(name, after.since_version, *words)


if __name__ == "__main__":
    main()
