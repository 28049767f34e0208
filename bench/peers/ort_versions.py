"""What each release of ONNX Runtime takes, asked of its own wheels.

    python3.11 -m venv venv && venv/bin/pip install onnx==1.17.0 'numpy<2'
    for v in 1.16.3 1.17.3 ... 1.29.0; do
      venv/bin/pip install --no-deps --target wheels/$v onnxruntime==$v
      PYTHONPATH=wheels/$v venv/bin/python bench/peers/ort_versions.py --probe facts/$v.json
    done
    pip install onnx  # the newest, elsewhere: the report needs the history of all operators
    python bench/peers/ort_versions.py facts/*.json \\
        > hasten-graph/src/main/resources/dev/hasten/graph/onnxruntime-versions.txt

Lines of the result:

    R RELEASE OPSET IR ML           newest opset, IR version and opset of ai.onnx.ml that it loads
    M OPERATOR RELEASE WORD...      since when its CPU provider has a contributed operator, or what
                                    a release added to it: a=ATTRIBUTE, i=INDEX of the first new input
    G OPERATOR VERSION RELEASE...   releases whose CPU provider has no kernel for that version of a
                                    standard operator, though they take its opset

The oldest release stands for all before it.
"""

import argparse
import json
import pathlib


def loads(opset, ir, ml=None):
    import onnxruntime
    from onnx import helper

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])], "g", [value("x", 1, [2])], [value("y", 1, [2])]
    )
    opsets = [helper.make_opsetid("", opset)]
    if ml:
        opsets.append(helper.make_opsetid("ai.onnx.ml", ml))
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = ir
    try:
        onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return True
    except Exception:
        return False


def probe(target):
    import onnxruntime
    import onnxruntime.capi.onnxruntime_pybind11_state as state

    onnxruntime.set_default_logger_severity(4)
    cpu = [k for k in state.get_all_opkernel_def() if "CPU" in k.provider]
    kernels = {k.op_name for k in cpu if k.domain == "com.microsoft"}
    standard = {}
    for kernel in cpu:
        if kernel.domain == "":
            standard.setdefault(kernel.op_name, []).append(list(kernel.version_range))
    operators = {
        s.name: {"inputs": len(s.inputs), "attributes": sorted(s.attributes)}
        for s in state.get_all_operator_schema()
        if s.domain == "com.microsoft" and s.name in kernels
    }
    facts = {
        "version": onnxruntime.__version__,
        "opset": max(o for o in range(7, 40) if loads(o, 8)),
        "ir": max(i for i in range(3, 20) if loads(17, i)),
        "ml": max(o for o in range(1, 10) if loads(17, 8, o)),
        "operators": operators,
        "standard": standard,
    }
    target.write_text(json.dumps(facts))


def key(version):
    return tuple(map(int, version.split(".")[:2]))


def has_kernel(facts, schema):
    """A kernel without end is for the version that it begins with alone."""
    ranges = facts["standard"].get(schema.name, [])
    version = schema.since_version
    return any(a == version or a <= version <= b < 2**30 for a, b in ranges)


# An operator that the runtime replaces by its function, and what the function needs.
DERIVED = {("Bernoulli", 22): ("RandomUniformLike", 22)}


def gaps(all_facts):
    from onnx import defs

    found = {}
    for schema in defs.get_all_schemas_with_history():
        derived = schema.has_function or schema.has_context_dependent_function
        if schema.domain == "" and not derived and not schema.deprecated:
            for facts in all_facts:
                version = schema.since_version
                if version <= facts["opset"] and not has_kernel(facts, schema):
                    release = ".".join(facts["version"].split(".")[:2])
                    found.setdefault((schema.name, version), []).append(release)
    found.update({name: found[needs] for name, needs in DERIVED.items() if needs in found})
    for (name, version), releases in sorted(found.items()):
        # Constants become weights; before opset 8 nothing is converted.
        if version > 7 and name != "Constant":
            print("G", name, version, *releases)


def report(files):
    all_facts = sorted((json.loads(f.read_text()) for f in files), key=lambda f: key(f["version"]))
    known = {}
    for index, facts in enumerate(all_facts):
        release = ".".join(facts["version"].split(".")[:2])
        print("R", release, facts["opset"], facts["ir"], facts["ml"])
        for name, now in sorted(facts["operators"].items()):
            before = known.get(name)
            words = []
            if before is None:
                words = ["new"]
            else:
                words += [f"a={a}" for a in now["attributes"] if a not in before["attributes"]]
                if now["inputs"] > before["inputs"]:
                    words.append(f"i={before['inputs']}")
            if words:
                print("M", name, "0" if index == 0 else release, *words)
            known[name] = now
    gaps(all_facts)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--probe", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.probe:
        probe(arguments.probe)
    else:
        report(arguments.files)


if __name__ == "__main__":
    main()
