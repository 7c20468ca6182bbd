#!/usr/bin/env python3
"""Tags and secrets are compared in constant time: what p2p/rlpx and signer may compare with, and where.

    constant_time_test.py [SOURCE-DIR]

memcmp, std::equal and the like are refused in their shipped code, so are == and != between what is named like a tag or
a secret, and comparison operators of types that are not known to be public. Each place that checks a tag is listed
with the comparison it has to have. Exit 1 lists each violation as file:line.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
LAYERS = ["signer", "p2p/rlpx"]

# file -> how many tags it checks, each with CRYPTO_memcmp
CHECKS = {"p2p/rlpx/frame.cc": 2, "p2p/rlpx/ecies.cc": 1}
# Types whose values go over the wire in clear, or that only tests compare (Keccak256State).
PUBLIC_TYPES = {"PublicKey", "Signature", "Authorization", "Capability", "SharedCapability", "EthStatus",
                "Keccak256State"}

EARLY_OUT = re.compile(r"(?<!CRYPTO_)(?<!sodium_)\b(memcmp|bcmp|strn?cmp|c_equal|mismatch|lexicographical_compare\w*)\s*\("
                       r"|\b(?:std|ranges)::equal\s*\(|\bstd::is_(?:eq|neq)\s*\(")
SECRET = (r"(?:\w+(?:\.|->))*(?:\w*_)?(?:tag|mac|secret|seed|shared|aes|ephemeral|expected|expanded)_?"
          r"(?:\(\))?(?![\w(.\[]|->)")
COMPARED = re.compile(rf"(?:(?<![\w.>]){SECRET}\s*[!=]=(?!=)|[!=]=\s*[*&]?{SECRET})(?!\s*nullptr)")
OPERATOR = re.compile(r"operator\s*(?:==|!=|<=>)\s*\(\s*const\s+(\w+)\s*&")


def code_of(line):
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', line).split("//")[0]


def problem(line):
    code = code_of(line)
    if m := EARLY_OUT.search(code):
        return f"{m.group(0)}...) may end early; tags and secrets need CRYPTO_memcmp"
    if (m := OPERATOR.search(code)) and m.group(1) not in PUBLIC_TYPES:
        return f"values of {m.group(1)} are compared; is all of it public (PUBLIC_TYPES)?"
    if (m := COMPARED.search(code)) and not OPERATOR.search(code):
        return f"'{m.group(0).strip()}': == may end early; tags and secrets need CRYPTO_memcmp"
    return None


def self_test():
    """The check itself must be able to fail."""
    bad = ["if (std::memcmp(a, b, 16) != 0) {", "if (memcmp(expected.data(), tag_.data(), 16))",
           "return std::equal(tag.begin(), tag.end(), other.begin());", "if (std::ranges::equal(mac, theirs)) {",
           "if (expected != tag_) return Error();", "if (Tag(keys, packet) == tag) {", "if (secrets.mac == other) {",
           "return theirs == *shared;", "bool operator==(const Secrets&) const = default;",
           "auto operator<=>(const SecretKey& other) const = default;"]
    good = ["if (CRYPTO_memcmp(expected.data(), tag_.data(), tag_.size()) != 0) {", "if (tag_filled_ == tag_.size()) {",
            "if (sodium_memcmp(a, b, 32) != 0)", "auto operator<=>(const PublicKey&) const = default;",
            "if (expanded == nullptr) return Error();", "// expected == tag", 'Error("mac == tag");',
            "if (remote_ == config_.key->id()) {", "Require(secp256k1_ec_pubkey_create(c, &p, secret_.get()) == 1);"]
    return ([f"self test: not refused: {line}" for line in bad if problem(line) is None] +
            [f"self test: refused: {line}: {problem(line)}" for line in good if problem(line)])


def main():
    violations, seen = self_test(), 0
    for layer in LAYERS:
        for file in sorted(pathlib.Path(ROOT, layer).glob("*")):
            if file.suffix not in (".h", ".cc") or file.name.endswith("_test.cc"):
                continue
            seen += 1
            path, text = str(file.relative_to(ROOT)), file.read_text()
            violations += [f"{path}:{n}: {why}" for n, line in enumerate(text.splitlines(), 1) if (why := problem(line))]
            checks = sum(code_of(line).count("CRYPTO_memcmp(") for line in text.splitlines())
            if checks != CHECKS.get(path, 0):
                violations.append(f"{path}: {checks} tags are checked, {CHECKS.get(path, 0)} are listed in CHECKS")
    print("\n".join(violations) if violations else f"{seen} files compare tags and secrets in constant time only")
    return 1 if violations or seen == 0 else 0


sys.exit(main())
