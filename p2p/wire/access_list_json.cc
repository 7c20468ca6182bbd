#include "p2p/wire/access_list_json.h"

#include "p2p/wire/json_fields.h"
#include "p2p/wire/rlp.h"

namespace flblk::wire {
namespace {

struct Change {  // of a slot or a balance; nonces and codes have their own value
  uint64_t index = 0;
  Hash32 value{};
  uint64_t nonce = 0;
  Bytes code;
};
struct SlotChanges {
  Hash32 slot{};
  std::vector<Change> changes;
};
struct AccountChanges {
  Address address{};
  std::vector<SlotChanges> storage;
  std::vector<Hash32> reads;
  std::vector<Change> balances, nonces, codes;
};
struct AccessList {
  std::vector<AccountChanges> accounts;
  uint64_t min_tx_index = 0, max_tx_index = 0;
};

void ReadObject(StrictJson& in, const std::string& object, std::vector<JsonMember> members) {
  ReadJsonMembers(in, object, std::move(members), UnknownMembers::kRefused);
}

// A member that is an array of `Element`, each read by `read(field)`.
template <class Element, class Read>
auto ArrayOf(StrictJson& in, std::vector<Element>& out, Read read) {
  return [&in, &out, read](const std::string& field) {
    in.Array([&] { out.push_back(read(field)); });
  };
}

// `value`: the member beside the index.
Change ReadChange(StrictJson& in, const std::string& field, Change& change, JsonMember value) {
  ReadObject(in, field,
             {{"blockAccessIndex",
               [&](const std::string& f) { change.index = ReadJsonUint(in, f); },
               true,
               {"txIndex", "index"}},
              std::move(value)});
  return std::move(change);
}

Change ReadValueChange(StrictJson& in, const std::string& field) {
  Change c;
  return ReadChange(in, field, c,
                    {"newValue",
                     [&](const std::string& f) { c.value = ReadJsonUint256(in, f); },
                     true,
                     {"value", "postValue"}});
}
Change ReadBalanceChange(StrictJson& in, const std::string& field) {
  Change c;
  return ReadChange(in, field, c,
                    {"postBalance",
                     [&](const std::string& f) { c.value = ReadJsonUint256(in, f); },
                     true,
                     {"balance", "value"}});
}
Change ReadNonceChange(StrictJson& in, const std::string& field) {
  Change c;
  return ReadChange(in, field, c,
                    {"newNonce",
                     [&](const std::string& f) { c.nonce = ReadJsonUint(in, f); },
                     true,
                     {"nonce", "postNonce", "value"}});
}
Change ReadCodeChange(StrictJson& in, const std::string& field) {
  Change c;
  return ReadChange(
      in, field, c,
      {"newCode", [&](const std::string& f) { c.code = ReadJsonHex(in, f); }, true, {"code"}});
}

SlotChanges ReadSlot(StrictJson& in, const std::string& field) {
  SlotChanges out;
  ReadObject(in, field,
             {{"slot", [&](const std::string& f) { out.slot = ReadJsonUint256(in, f); }},
              {"changes", ArrayOf(in, out.changes,
                                  [&](const std::string& f) { return ReadValueChange(in, f); })}});
  return out;
}

AccountChanges ReadAccount(StrictJson& in, const std::string& field) {
  AccountChanges out;
  const auto with = [&in](auto read) {
    return [&in, read](const std::string& f) { return read(in, f); };
  };
  ReadObject(in, field,
             {{"address", [&](const std::string& f) { ReadJsonFixed(in, f, out.address); }},
              {"storageChanges", ArrayOf(in, out.storage, with(ReadSlot))},
              {"storageReads", ArrayOf(in, out.reads, with(ReadJsonUint256))},
              {"balanceChanges", ArrayOf(in, out.balances, with(ReadBalanceChange))},
              {"nonceChanges", ArrayOf(in, out.nonces, with(ReadNonceChange))},
              {"codeChanges", ArrayOf(in, out.codes, with(ReadCodeChange))}});
  return out;
}

AccessList ReadList(StrictJson& in, const std::string& field) {
  AccessList out;
  ReadObject(
      in, field,
      {{"changes",
        ArrayOf(in, out.accounts, [&](const std::string& f) { return ReadAccount(in, f); })},
       {"min_tx_index", [&](const std::string& f) { out.min_tx_index = ReadJsonUint(in, f); }},
       {"max_tx_index", [&](const std::string& f) { out.max_tx_index = ReadJsonUint(in, f); }}});
  return out;
}

// Writes [ index, value ] for each; `put(change, sink)` writes the value.
template <class Sink, class Put>
void WriteChanges(Sink& out, const std::vector<Change>& changes, const Put& put) {
  out.List([&](auto& list) {
    for (const Change& change : changes) {
      list.List([&](auto& pair) {
        pair.Uint(change.index);
        put(change, pair);
      });
    }
  });
}

template <class Sink>
void WriteAccount(Sink& out, const AccountChanges& account) {
  const auto value = [](const Change& c, auto& sink) { sink.Uint256(c.value); };
  out.String(account.address);
  out.List([&](auto& slots) {
    for (const SlotChanges& slot : account.storage) {
      slots.List([&](auto& item) {
        item.Uint256(slot.slot);
        WriteChanges(item, slot.changes, value);
      });
    }
  });
  out.List([&](auto& reads) {
    for (const Hash32& slot : account.reads) reads.Uint256(slot);
  });
  WriteChanges(out, account.balances, value);
  WriteChanges(out, account.nonces, [](const Change& c, auto& sink) { sink.Uint(c.nonce); });
  WriteChanges(out, account.codes, [](const Change& c, auto& sink) { sink.String(c.code); });
}

}  // namespace

Bytes ReadAccessListJson(StrictJson& in, const std::string& field) {
  AccessList list;
  Hash32 hash{};
  ReadObject(in, field,
             {{"access_list", [&](const std::string& f) { list = ReadList(in, f); }},
              {"access_list_hash", [&](const std::string& f) { ReadJsonFixed(in, f, hash); }}});
  if (!in.ok()) return {};
  return RlpEncodeList([&](auto& data) {
    data.List([&](auto& out) {
      out.List([&](auto& accounts) {
        for (const AccountChanges& account : list.accounts)
          accounts.List([&](auto& item) { WriteAccount(item, account); });
      });
      out.Uint(list.min_tx_index);
      out.Uint(list.max_tx_index);
    });
    data.String(hash);
  });
}

}  // namespace flblk::wire
