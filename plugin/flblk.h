/* clang-format off */
/*
 * flblk.h: the C ABI of libflblk.so, a node of the flashblocks P2P network inside a block builder's
 * process.
 *
 *   void* so = dlopen("libflblk.so", RTLD_NOW | RTLD_LOCAL);
 *   flblk_get_api_fn get_api = (flblk_get_api_fn)dlsym(so, FLBLK_GET_API_SYMBOL);
 *   const flblk_api* api = get_api ? get_api(FLBLK_ABI_MAJOR) : NULL;   NULL: another major version
 *   flblk_plugin* plugin = NULL;
 *   flblk_options options = { .struct_size = sizeof options, .config = ..., .callbacks = &callbacks };
 *   if (api->create(&options, &plugin) != FLBLK_OK) fprintf(stderr, "%s\n", api->last_error());
 *   api->start(plugin);
 *   ... forkchoice_updated, publish, payload_sealed ...
 *   api->stop(plugin);
 *   api->destroy(plugin);
 *
 * Versions
 *   Major and minor. Within a major version nothing is removed or moved; a minor version appends
 *   functions to flblk_api and fields to structs. Every struct begins with struct_size, set to sizeof
 *   by whoever fills it in: the reader takes absent fields as zero. A function is present where
 *   FLBLK_HAS(api, function) holds. The fields struct_size, abi_version, name, version of flblk_api
 *   are frozen for ever.
 *
 * Types
 *   Fixed-width integers and byte arrays only. Flags and enumerated values are integers with named
 *   constants; values that are not named here are reserved. Booleans are flag bits. Times are unix
 *   nanoseconds (int64_t); slots are the L2 timestamp in unix seconds. A flblk_bytes is borrowed:
 *   what goes in is copied before the call returns; what comes in a callback is valid until the
 *   callback returns.
 *
 * Status codes
 *   The canonical gRPC numbers, each with one meaning (see FLBLK_INVALID_ARGUMENT and below). After
 *   a call that failed last_error() gives its text, which names the field and the limit.
 *
 * Threads
 *   Every function may be called from any thread, also at the same time, except destroy, which must
 *   be the last call for its plugin. Callbacks are made one after the other on one thread of the
 *   plugin. A callback may call every function but stop and destroy (FLBLK_FAILED_PRECONDITION). A
 *   slow callback delays only callbacks: beyond 1024 waiting flashblocks further ones are left out,
 *   and the next one says how many.
 *   on_log differs: it is called on any thread of the plugin and within calls of the host, also at
 *   the same time as other callbacks, and must not block. In it stats and the functions that return
 *   text are allowed; every other one is FLBLK_FAILED_PRECONDITION, for this and any other plugin.
 *
 * Log
 *   on_log gets every line, "event=<name> key=value ...", with the words World Chain's operators
 *   look for ("starting to publish flashblocks"). Without it the lines go to glog as the host has set
 *   it up. Only a bug of the plugin that ends the process is told to glog in any case.
 *
 * The process belongs to the host
 *   The plugin installs no signal handler, reads no environment, initialises no logging library,
 *   changes no working directory, umask or locale. No exception leaves it. When destroy returns none
 *   of its threads and no callback is left. dlclose is allowed after destroy; the code stays mapped.
 *   The gRPC library is kept initialised from the first start on until the process ends, with a few
 *   idle threads of its own: its end can take 10 s.
 */
/* clang-format on */
#ifndef FLBLK_H
#define FLBLK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLBLK_ABI_MAJOR 1u
#define FLBLK_ABI_MINOR 1u
#define FLBLK_ABI_VERSION ((FLBLK_ABI_MAJOR << 16) | FLBLK_ABI_MINOR)
#define FLBLK_GET_API_SYMBOL "flblk_get_api"
#define FLBLK_ABI_VERSION_SYMBOL "flblk_abi_version"

#if defined(FLBLK_BUILDING_PLUGIN)
#define FLBLK_EXPORT __attribute__((visibility("default")))
#else
#define FLBLK_EXPORT
#endif

/* ------------------------------------------------------------------------------------------------
 * status codes */
typedef uint32_t flblk_status;
#define FLBLK_OK 0u
#define FLBLK_INVALID_ARGUMENT 3u  /* bytes or a call break the grammar */
#define FLBLK_DEADLINE_EXCEEDED 4u /* the node did not answer within 5 s */
#define FLBLK_NOT_FOUND 5u         /* a file or an id that does not exist */
#define FLBLK_ALREADY_EXISTS 6u    /* another content was already signed for this index */
#define FLBLK_PERMISSION_DENIED \
  7u /* the Authorization is not for this builder; a file others can read */
#define FLBLK_RESOURCE_EXHAUSTED 8u /* over a named limit */
#define FLBLK_FAILED_PRECONDITION \
  9u /* wrong state: not cleared to publish, not started, port in use; a stale Authorization */
#define FLBLK_OUT_OF_RANGE 11u    /* not the next index */
#define FLBLK_INTERNAL 13u        /* a bug of the plugin */
#define FLBLK_UNAVAILABLE 14u     /* the node is stopping or has stopped */
#define FLBLK_UNAUTHENTICATED 16u /* the authorizer's signature is wrong */

/* -------------------------------------------------------------------------------------------------------
 * values */
typedef struct flblk_bytes {
  const uint8_t* data; /* may be NULL where size is 0 */
  uint64_t size;
} flblk_bytes;

/* The sequencer's permission to publish one payload. */
typedef struct flblk_authorization {
  uint8_t payload_id[8];
  uint64_t timestamp; /* the slot */
  uint8_t builder_vk[32];
  uint8_t authorizer_sig[64];
} flblk_authorization;

/* Publishing states. */
#define FLBLK_STATE_IDLE 1u       /* nothing authorized */
#define FLBLK_STATE_WAITING 2u    /* authorized; a rival still publishes */
#define FLBLK_STATE_PUBLISHING 3u /* cleared */
#define FLBLK_STATE_YIELDED 4u    /* another builder took over */

/* Why a state was entered. */
#define FLBLK_CAUSE_STARTED 1u           /* authorized, no live rival */
#define FLBLK_CAUSE_WAITING_FOR_RIVAL 2u /* authorized, a rival publishes */
#define FLBLK_CAUSE_RIVAL_STOPPED 3u     /* StopPublish of the last live rival */
#define FLBLK_CAUSE_RIVAL_SILENT 4u      /* a new slot came and the rival said nothing in it */
#define FLBLK_CAUSE_TAKEOVER_TIMEOUT 5u  /* takeover_after passed without a sign of the rival */
#define FLBLK_CAUSE_YIELDED_TO_RIVAL 6u  /* StartPublish or newer flashblock of a rival */
/* both had started, or the one we yielded to stopped again: the lower key goes on */
#define FLBLK_CAUSE_TIE_BREAK 7u
#define FLBLK_CAUSE_AUTHORIZATION_RENEWED 8u /* newer slot, or new attributes for the same slot */
#define FLBLK_CAUSE_NOT_AUTHORIZED 9u        /* attributes without an Authorization */
#define FLBLK_CAUSE_HOST_STOPPED 10u         /* stop_publishing, stop, or the host went away */

/* --------------------------------------------------------------------------------------------------------
 * calls */
/* engine_forkchoiceUpdated as the builder saw it. */
#define FLBLK_FC_ATTRIBUTES \
  1u /* timestamp is set. Attributes without Authorization: not our block, stop */
#define FLBLK_FC_BLOCK_NUMBER 2u /* block_number is set */
#define FLBLK_FC_PAYLOAD_ID 4u   /* payload_id is set: the builder's own, compared from byte 1 on */
#define FLBLK_FC_AUTHORIZATION 8u /* authorization is set; needs FLBLK_FC_ATTRIBUTES */
typedef struct flblk_forkchoice {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t timestamp;    /* of the attributes, unix seconds; must equal the Authorization's */
  uint64_t block_number; /* of the block to build */
  uint8_t payload_id[8];
  flblk_authorization authorization;
} flblk_forkchoice;

/* Where publishing stands after the call. */
typedef struct flblk_forkchoice_result {
  uint32_t struct_size;
  uint32_t state;
  uint64_t next_index; /* FLBLK_STATE_PUBLISHING only */
} flblk_forkchoice_result;

/* One delta. Its payload id is zero or the authorized one, byte 0 aside; the authorized one goes
 * out. Empty metadata: fees 0 and the time of now. At most 16777215 bytes on the wire. */
#define FLBLK_ENCODING_RLP 0u  /* FlashblocksPayloadV1 as RLP */
#define FLBLK_ENCODING_JSON 1u /* FlashblocksPayloadV1 as op-rbuilder's JSON */
typedef struct flblk_flashblock {
  uint32_t struct_size;
  uint32_t encoding;
  flblk_bytes data;
} flblk_flashblock;

typedef struct flblk_publish_result {
  uint32_t struct_size;
  flblk_status code;
  uint8_t payload_id[8]; /* what went out, or what is authorized; zero: nothing is */
  uint64_t index;        /* of the delta */
  uint64_t next_index;   /* expected next; 0 where nothing is authorized */
} flblk_publish_result;

typedef struct flblk_stats {
  uint32_t struct_size;
  uint32_t state;
  uint32_t peers;
  uint32_t health; /* 200 healthy, 206 degraded, 503 not working: as /healthz */
  uint64_t slot;   /* timestamp of our Authorization; 0: none */
  uint64_t next_index;
  uint64_t published;         /* deltas of this host that went out */
  uint64_t refused;           /* deltas of this host that did not */
  uint64_t flashblocks;       /* verified flashblocks told to this host */
  uint64_t flashblocks_lost;  /* left out because a callback was slow */
  int64_t last_flashblock_ns; /* 0: none yet */
} flblk_stats;

/* ----------------------------------------------------------------------------------------------------
 * callbacks */
#define FLBLK_EVENT_AUTHORIZATION 1u /* authorization is set: ours */
#define FLBLK_EVENT_RIVAL 2u         /* rival_vk is set */
/* Each transition, renewals included. With FLBLK_STATE_PUBLISHING: the clearance and its resume
 * point. */
typedef struct flblk_publishing_event {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t state;
  uint32_t previous;
  uint32_t cause;
  uint32_t reserved;
  int64_t unix_ns;
  uint64_t in_previous_state_ns;
  flblk_authorization authorization;
  uint8_t rival_vk[32];
  uint64_t next_index; /* the index the host publishes next */
  uint64_t missing; /* indices below next_index that never reached us; above 0 the block cannot be
                       continued */
  const flblk_bytes* flashblocks; /* RLP of what was published in this block so far, index order */
  uint64_t flashblock_count;
} flblk_publishing_event;

#define FLBLK_FLASHBLOCK_OWN 1u /* published by this node */
#define FLBLK_FLASHBLOCK_BASE \
  2u /* index 0: block_number, base_timestamp, parent_hash, base_fee are set */
/* A verified flashblock of the network: per block in index order from 0, each once. */
typedef struct flblk_flashblock_event {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t lost; /* flashblocks left out before this one because callbacks were slow */
  flblk_authorization authorization;
  uint8_t actor_sig[64];
  uint64_t index;
  uint64_t gas_used; /* of the block so far */
  uint8_t state_root[32];
  uint8_t receipts_root[32];
  uint8_t block_hash[32];
  uint64_t transaction_count; /* in this flashblock */
  uint64_t block_number;
  uint64_t base_timestamp; /* unix seconds */
  uint8_t parent_hash[32];
  uint8_t base_fee[32];   /* wei, big-endian */
  flblk_bytes metadata;   /* JSON, as published */
  flblk_bytes rlp;        /* FlashblocksPayloadV1 */
  flblk_bytes signed_rlp; /* the whole signed envelope as on the wire */
} flblk_flashblock_event;

#define FLBLK_LOG_ERROR 0u
#define FLBLK_LOG_WARN 1u
#define FLBLK_LOG_INFO 2u
#define FLBLK_LOG_DEBUG 3u

/* Any of them may be NULL. `user` is options.user. */
typedef struct flblk_callbacks {
  uint32_t struct_size;
  uint32_t reserved;
  void (*on_publishing)(void* user, const flblk_publishing_event* event);
  void (*on_flashblock)(void* user, const flblk_flashblock_event* event);
  /* The verdict on publish_async's `ticket`; `message` is "" for FLBLK_OK. */
  void (*on_publish_result)(void* user, uint64_t ticket, const flblk_publish_result* result,
                            flblk_bytes message);
  /* One line without line end. Where NULL the lines go to glog, as the host has set it up. Called
   * on any thread of the plugin and of the host's calls, also at the same time as others; see
   * Threads for what it may call. */
  void (*on_log)(void* user, uint32_t level, flblk_bytes line);
} flblk_callbacks;

typedef struct flblk_options {
  uint32_t struct_size;
  uint32_t reserved;
  flblk_bytes config;       /* TOML: the keys of flblkd's configuration file, see `flblkd --help` */
  flblk_bytes builder_seed; /* 32 bytes: the builder's Ed25519 seed, copied into locked memory; or
                               empty: see the setting builder_sk_file */
  const flblk_callbacks* callbacks; /* copied; or NULL */
  void* user;
} flblk_options;

/* ----------------------------------------------------------------------------------------------------
 * the table */
typedef struct flblk_plugin flblk_plugin;

typedef struct flblk_api {
  uint32_t struct_size;
  uint32_t abi_version; /* major << 16 | minor */
  const char* name;     /* "flblk" */
  const char* version;  /* of the software, "0.1.0" */

  /* Reads configuration, keys and files; binds nothing and starts no thread. INVALID_ARGUMENT,
   * NOT_FOUND, PERMISSION_DENIED or FAILED_PRECONDITION name the setting or the file. *out is NULL
   * on failure. */
  flblk_status (*create)(const flblk_options* options, flblk_plugin** out);
  /* Binds every port and begins. FAILED_PRECONDITION names what is in use; nothing is left bound
   * then and the plugin can only be destroyed. */
  flblk_status (*start)(flblk_plugin* plugin);
  /* StopPublish, Disconnect to every peer, end of every gRPC call; the connections of gRPC clients
   * that read nothing are cut off. Returns within 2 s, after the last callback. Idempotent; a
   * stopped plugin does not start again. */
  flblk_status (*stop)(flblk_plugin* plugin);
  /* Stops where that was not done, and frees. NULL is allowed. */
  flblk_status (*destroy)(flblk_plugin* plugin);

  /* Waits for the verdict of the network thread. `result` may be NULL. PERMISSION_DENIED,
   * UNAUTHENTICATED, INVALID_ARGUMENT and FAILED_PRECONDITION leave the state as it was. */
  flblk_status (*forkchoice_updated)(flblk_plugin* plugin, const flblk_forkchoice* update,
                                     flblk_forkchoice_result* result);
  /* Waits for the verdict. FLBLK_OK: signed, and in the queue of every peer. `result` may be NULL.
   */
  flblk_status (*publish)(flblk_plugin* plugin, const flblk_flashblock* flashblock,
                          flblk_publish_result* result);
  /* Returns at once; FLBLK_OK promises one on_publish_result with `ticket`, at the latest before
   * stop returns. Another code, UNAVAILABLE after stop among them: no callback for it. */
  flblk_status (*publish_async)(flblk_plugin* plugin, const flblk_flashblock* flashblock,
                                uint64_t ticket);
  /* getPayload was answered: no further flashblock of this payload id leaves (byte 0 is ignored).
   */
  flblk_status (*payload_sealed)(flblk_plugin* plugin, const uint8_t payload_id[8]);
  /* StopPublish where Publishing or Waiting. Idempotent. `reason` (at most 256 bytes) is for
   * history and log. */
  flblk_status (*stop_publishing)(flblk_plugin* plugin, flblk_bytes reason);

  /* Fills in min(out->struct_size, the plugin's) bytes. */
  flblk_status (*stats)(flblk_plugin* plugin, flblk_stats* out);
  /* NUL-terminated, owned by the plugin, valid until destroy; "" before start and where there is
   * none. */
  const char* (*grpc_target)(
      flblk_plugin* plugin); /* "unix:/path", "127.0.0.1:50051", comma separated */
  const char* (*http_address)(flblk_plugin* plugin); /* "127.0.0.1:6060" */
  const char* (*enode)(flblk_plugin* plugin);        /* "enode://...@host:port" */
  /* The text of the last call of the calling thread that failed; valid until its next call. */
  const char* (*last_error)(void);

  /* Since 1.1. Reads `config` as create does and puts its trusted_peers and static_nodes into
   * force. Each other key that differs from what the plugin runs with is logged as needing a
   * restart; log_level is the host's. INVALID_ARGUMENT, and UNAVAILABLE after stop: nothing has
   * changed. */
  flblk_status (*reconfigure)(flblk_plugin* plugin, flblk_bytes config);
} flblk_api;

#define FLBLK_HAS(api, function)                                                    \
  ((api)->struct_size >= offsetof(flblk_api, function) + sizeof((api)->function) && \
   (api)->function != NULL)

/* The two exported symbols. */
typedef uint32_t (*flblk_abi_version_fn)(void);
typedef const flblk_api* (*flblk_get_api_fn)(uint32_t major);
/* FLBLK_ABI_VERSION of the plugin. */
FLBLK_EXPORT uint32_t flblk_abi_version(void);
/* The table for `major`, static; NULL where the plugin does not speak it. */
FLBLK_EXPORT const flblk_api* flblk_get_api(uint32_t major);

#ifdef __cplusplus
}
#endif
#endif /* FLBLK_H */
