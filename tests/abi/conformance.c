/*
 * conformance PATH DIRECTORY: what every libflblk.so of major version 1 must do, checked through
 * dlopen only. Prints one line per failed check; exit 0 where all hold.
 */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/flblk.h"

static int failures = 0;
#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

static const char kVk[] =
    "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"; /* seed 01 x 32 */

static int published = 0;
static void on_publishing(void* user, const flblk_publishing_event* event) {
  (void)user;
  if (event->struct_size >= sizeof *event) ++published;
}

static flblk_bytes text(const char* s) {
  flblk_bytes out;
  out.data = (const uint8_t*)s;
  out.size = strlen(s);
  return out;
}

static flblk_status create(const flblk_api* api, const char* config, flblk_plugin** plugin) {
  flblk_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.config = text(config);
  return api->create(&options, plugin);
}

static void check_bad_callbacks(const flblk_api* api) {
  flblk_plugin* plugin = NULL;
  flblk_callbacks callbacks;
  flblk_options options;
  memset(&callbacks, 0, sizeof callbacks);
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.callbacks = &callbacks; /* of struct_size 0 */
  CHECK(api->create(&options, &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "callbacks.struct_size: 0, at least ") != NULL);
  CHECK(plugin == NULL);
}

/* Every function that takes a plugin, without one. */
static void check_no_plugin(const flblk_api* api) {
  static const uint8_t id[8] = {0};
  flblk_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
#define CHECK_NO_PLUGIN(call)              \
  CHECK((call) == FLBLK_INVALID_ARGUMENT); \
  CHECK(strcmp(api->last_error(), "plugin: NULL") == 0)
  CHECK_NO_PLUGIN(api->start(NULL));
  CHECK_NO_PLUGIN(api->stop(NULL));
  CHECK_NO_PLUGIN(api->forkchoice_updated(NULL, NULL, NULL));
  CHECK_NO_PLUGIN(api->publish(NULL, NULL, NULL));
  CHECK_NO_PLUGIN(api->publish_async(NULL, NULL, 1));
  CHECK_NO_PLUGIN(api->payload_sealed(NULL, id));
  CHECK_NO_PLUGIN(api->stop_publishing(NULL, text("why")));
  CHECK_NO_PLUGIN(api->stats(NULL, &stats));
#undef CHECK_NO_PLUGIN
  CHECK(strcmp(api->http_address(NULL), "") == 0);
  CHECK(strcmp(api->enode(NULL), "") == 0);
}

static void check_bad_calls(const flblk_api* api) {
  flblk_plugin* plugin = (flblk_plugin*)1;
  flblk_options options;
  memset(&options, 0, sizeof options);
  CHECK(api->create(NULL, &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(plugin == NULL);
  CHECK(api->create(&options, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(api->create(&options, &plugin) == FLBLK_INVALID_ARGUMENT); /* struct_size 0 */
  CHECK(strstr(api->last_error(), "struct_size") != NULL);
  options.struct_size = sizeof options;
  options.config.size = 5; /* with data NULL */
  CHECK(api->create(&options, &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(create(api, "prot = 1", &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "nearest known one is port") != NULL);
  CHECK(create(api, "port = 0", &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "authorizer_vk") != NULL);
  CHECK(plugin == NULL);
  options.config = text("port = 0");
  options.config.size = (UINT64_C(1) << 20) + 1; /* its limit is met before it is read */
  CHECK(api->create(&options, &plugin) == FLBLK_RESOURCE_EXHAUSTED);
  CHECK(strcmp(api->last_error(), "options.config: 1048577 bytes, at most 1048576") == 0);
  check_bad_callbacks(api);
  check_no_plugin(api);
  CHECK(api->destroy(NULL) == FLBLK_OK);
  CHECK(strcmp(api->grpc_target(NULL), "") == 0);
}

/* Structs as hosts of 1.0 had them: refused where shorter, taken for ever where not. */
static void check_first_sizes(const flblk_api* api, flblk_plugin* plugin) {
  flblk_forkchoice update;
  flblk_flashblock delta;
  if (sizeof(void*) != 8) return;
  memset(&update, 0, sizeof update);
  memset(&delta, 0, sizeof delta);
  update.struct_size = 143;
  CHECK(api->forkchoice_updated(plugin, &update, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "at least 144") != NULL);
  update.struct_size = 144;
  CHECK(api->forkchoice_updated(plugin, &update, NULL) == FLBLK_OK);
  delta.struct_size = 23;
  CHECK(api->publish(plugin, &delta, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "at least 24") != NULL);
  delta.struct_size = 24;
  delta.encoding = 7;
  CHECK(api->publish(plugin, &delta, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(strcmp(api->last_error(), "flashblock.encoding: 7, expected 0 or 1") == 0);
}

/* Arguments that are missing, too short or too long; of a plugin that runs. */
static void check_bad_arguments(const flblk_api* api, flblk_plugin* plugin) {
  static char reason[257];
  flblk_bytes bytes;
  flblk_forkchoice update;
  flblk_forkchoice_result state;
  flblk_publish_result verdict;
#define CHECK_REFUSED(call, code, why) \
  CHECK((call) == (code));             \
  CHECK(strstr(api->last_error(), why) != NULL)
  memset(&update, 0, sizeof update);
  memset(&state, 0, sizeof state);
  memset(&verdict, 0, sizeof verdict);
  CHECK_REFUSED(api->forkchoice_updated(plugin, NULL, NULL), FLBLK_INVALID_ARGUMENT,
                "update: NULL");
  CHECK_REFUSED(api->forkchoice_updated(plugin, &update, NULL), FLBLK_INVALID_ARGUMENT,
                "update.struct_size: 0, at least 144");
  CHECK_REFUSED(api->forkchoice_updated(plugin, &update, &state), FLBLK_INVALID_ARGUMENT,
                "result.struct_size: not set");
  CHECK_REFUSED(api->publish(plugin, NULL, NULL), FLBLK_INVALID_ARGUMENT, "flashblock: NULL");
  CHECK_REFUSED(api->publish(plugin, NULL, &verdict), FLBLK_INVALID_ARGUMENT,
                "result.struct_size: not set");
  CHECK_REFUSED(api->publish_async(plugin, NULL, 1), FLBLK_INVALID_ARGUMENT, "flashblock: NULL");
  CHECK_REFUSED(api->payload_sealed(plugin, NULL), FLBLK_INVALID_ARGUMENT, "payload_id: NULL");
  CHECK_REFUSED(api->stats(plugin, NULL), FLBLK_INVALID_ARGUMENT, "out: NULL");
  memset(reason, 'x', sizeof reason);
  bytes.data = (const uint8_t*)reason;
  bytes.size = sizeof reason;
  CHECK_REFUSED(api->stop_publishing(plugin, bytes), FLBLK_RESOURCE_EXHAUSTED,
                "reason: 257 bytes, at most 256");
  bytes.size = 256;
  CHECK(api->stop_publishing(plugin, bytes) == FLBLK_OK);
  bytes.data = NULL;
  bytes.size = 1;
  CHECK_REFUSED(api->stop_publishing(plugin, bytes), FLBLK_INVALID_ARGUMENT,
                "reason: NULL with size 1");
  if (FLBLK_HAS(api, reconfigure)) {
    CHECK_REFUSED(api->reconfigure(plugin, bytes), FLBLK_INVALID_ARGUMENT,
                  "config: NULL with size 1");
    bytes.data = (const uint8_t*)reason;
    bytes.size = (UINT64_C(1) << 20) + 1;
    CHECK_REFUSED(api->reconfigure(plugin, bytes), FLBLK_RESOURCE_EXHAUSTED,
                  "config: 1048577 bytes, at most 1048576");
  }
#undef CHECK_REFUSED
}

static void check_calls(const flblk_api* api, flblk_plugin* plugin) {
  static const uint8_t id[8] = {0};
  flblk_forkchoice update;
  flblk_forkchoice_result result;
  flblk_flashblock flashblock;
  flblk_publish_result verdict;
  flblk_stats stats;
  memset(&update, 0, sizeof update);
  memset(&result, 0, sizeof result);
  memset(&flashblock, 0, sizeof flashblock);
  memset(&verdict, 0, sizeof verdict);
  memset(&stats, 0, sizeof stats);
  update.struct_size = sizeof update;
  result.struct_size = sizeof result;
  CHECK(api->forkchoice_updated(plugin, &update, &result) == FLBLK_OK);
  CHECK(result.state == FLBLK_STATE_IDLE);
  CHECK(api->forkchoice_updated(plugin, &update, NULL) == FLBLK_OK);
  update.flags = 1u << 31;
  CHECK(api->forkchoice_updated(plugin, &update, NULL) == FLBLK_INVALID_ARGUMENT);
  update.flags = FLBLK_FC_AUTHORIZATION;
  CHECK(api->forkchoice_updated(plugin, &update, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "ATTRIBUTES") != NULL);
  update.flags = FLBLK_FC_AUTHORIZATION | FLBLK_FC_ATTRIBUTES;
  CHECK(api->forkchoice_updated(plugin, &update, NULL) != FLBLK_OK);

  CHECK(api->publish(plugin, &flashblock, NULL) == FLBLK_INVALID_ARGUMENT);
  flashblock.struct_size = sizeof flashblock;
  verdict.struct_size = sizeof verdict;
  CHECK(api->publish(plugin, &flashblock, &verdict) == FLBLK_INVALID_ARGUMENT);
  CHECK(verdict.code == FLBLK_INVALID_ARGUMENT);
  flashblock.encoding = 7;
  CHECK(api->publish(plugin, &flashblock, &verdict) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "encoding") != NULL);
  flashblock.encoding = FLBLK_ENCODING_RLP;
  flashblock.data.data = id;
  flashblock.data.size = UINT64_C(1) << 40;
  CHECK(api->publish(plugin, &flashblock, &verdict) == FLBLK_RESOURCE_EXHAUSTED);
  CHECK(strstr(api->last_error(), "at most 16777215") != NULL);
  CHECK(api->publish_async(plugin, &flashblock, 1) == FLBLK_RESOURCE_EXHAUSTED);
  CHECK(api->payload_sealed(plugin, NULL) == FLBLK_INVALID_ARGUMENT);
  CHECK(api->payload_sealed(plugin, id) == FLBLK_OK);
  CHECK(api->stop_publishing(plugin, text("conformance")) == FLBLK_OK);

  CHECK(api->stats(plugin, &stats) == FLBLK_INVALID_ARGUMENT); /* struct_size 0 */
  stats.struct_size = 8;                                       /* an older host */
  stats.peers = 77;
  CHECK(api->stats(plugin, &stats) == FLBLK_OK);
  CHECK(stats.struct_size == 8 && stats.state == FLBLK_STATE_IDLE && stats.peers == 77);
  stats.struct_size = sizeof stats;
  CHECK(api->stats(plugin, &stats) == FLBLK_OK);
  CHECK(stats.peers == 0 && stats.refused == 0 && stats.published == 0);
  CHECK(strncmp(api->enode(plugin), "enode://", 8) == 0);
  CHECK(strncmp(api->grpc_target(plugin), "unix:", 5) == 0);
  CHECK(strcmp(api->http_address(plugin), "") == 0);
}

/* Since 1.1. */
static void check_reconfigure(const flblk_api* api, flblk_plugin* plugin, const char* config) {
  if (!FLBLK_HAS(api, reconfigure)) return;
  CHECK(api->reconfigure(NULL, text(config)) == FLBLK_INVALID_ARGUMENT);
  CHECK(api->reconfigure(plugin, text(config)) == FLBLK_OK);
  CHECK(api->reconfigure(plugin, text("prt = 1")) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "nearest known one is port") != NULL);
}

static void check_stopped(const flblk_api* api, flblk_plugin* plugin, const char* config) {
  char json[2048];
  flblk_flashblock delta;
  flblk_stats stats;
  memset(&delta, 0, sizeof delta);
  delta.struct_size = sizeof delta;
  delta.encoding = FLBLK_ENCODING_JSON;
  snprintf(
      json, sizeof json,
      "{\"payload_id\":\"0x0000000000000000\",\"index\":1,\"diff\":{\"state_root\":\"0x%064d\","
      "\"receipts_root\":\"0x%064d\",\"logs_bloom\":\"0x%0512d\",\"gas_used\":\"0x0\","
      "\"block_hash\":\"0x%064d\",\"transactions\":[],\"withdrawals\":[],"
      "\"withdrawals_root\":\"0x%064d\"},\"metadata\":{}}",
      0, 0, 0, 0, 0);
  delta.data = text(json);
  CHECK(api->stop(plugin) == FLBLK_OK);
  CHECK(api->payload_sealed(plugin, (const uint8_t*)"12345678") == FLBLK_UNAVAILABLE);
  CHECK(api->publish(plugin, &delta, NULL) == FLBLK_UNAVAILABLE);
  CHECK(api->publish_async(plugin, &delta, 1) == FLBLK_UNAVAILABLE);
  if (FLBLK_HAS(api, reconfigure))
    CHECK(api->reconfigure(plugin, text(config)) == FLBLK_UNAVAILABLE);
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK(api->stats(plugin, &stats) == FLBLK_OK);
  CHECK(stats.health == 503);
  CHECK(api->start(plugin) == FLBLK_FAILED_PRECONDITION);
  CHECK(strcmp(api->last_error(), "plugin: started before") == 0);
}

static void check_life(const flblk_api* api, const char* directory) {
  char config[1024];
  size_t used;
  flblk_plugin* plugin = NULL;
  flblk_callbacks callbacks;
  flblk_options options;
  uint8_t seed[33];
  snprintf(config, sizeof config,
           "datadir = \"%s/node\"\naddr = \"127.0.0.1\"\nport = 0\nauthorizer_vk = \"%s\"\n",
           directory, kVk);
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.struct_size = sizeof callbacks;
  callbacks.on_publishing = on_publishing;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.config = text(config);
  options.callbacks = &callbacks;
  memset(seed, 2, sizeof seed);
  options.builder_seed.data = seed;
  options.builder_seed.size = 31;
  CHECK(api->create(&options, &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "31 bytes, expected 32") != NULL);
  options.builder_seed.size = 33;
  CHECK(api->create(&options, &plugin) == FLBLK_RESOURCE_EXHAUSTED);
  CHECK(strcmp(api->last_error(), "options.builder_seed: 33 bytes, at most 32") == 0);
  options.builder_seed.size = 32;
  used = strlen(config);
  snprintf(config + used, sizeof config - used, "builder_sk_file = \"%s/key\"\n", directory);
  options.config = text(config);
  CHECK(api->create(&options, &plugin) == FLBLK_INVALID_ARGUMENT);
  CHECK(strstr(api->last_error(), "builder_sk_file is set too") != NULL);
  config[used] = '\0';
  options.config = text(config);
  CHECK(api->create(&options, &plugin) == FLBLK_OK);
  memset(seed, 0, sizeof seed); /* the plugin has its own copy */
  if (plugin == NULL) {
    fprintf(stderr, "create: %s\n", api->last_error());
    return;
  }
  CHECK(api->stop_publishing(plugin, text("")) == FLBLK_FAILED_PRECONDITION);
  CHECK(strcmp(api->last_error(), "plugin: not started") == 0);
  CHECK(api->start(plugin) == FLBLK_OK);
  CHECK(api->start(plugin) == FLBLK_FAILED_PRECONDITION);
  CHECK(strcmp(api->last_error(), "plugin: started before") == 0);
  check_bad_arguments(api, plugin);
  check_calls(api, plugin);
  check_first_sizes(api, plugin);
  check_reconfigure(api, plugin, config);
  CHECK(api->stop(plugin) == FLBLK_OK);
  check_stopped(api, plugin, config);
  CHECK(api->destroy(plugin) == FLBLK_OK);
}

int main(int argc, char** argv) {
  void* so;
  flblk_get_api_fn get_api;
  flblk_abi_version_fn abi_version;
  const flblk_api* api;
  if (argc != 3) {
    fprintf(stderr, "usage: conformance libflblk.so DIRECTORY\n");
    return 2;
  }
  so = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (so == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  *(void**)&get_api = dlsym(so, FLBLK_GET_API_SYMBOL);
  *(void**)&abi_version = dlsym(so, FLBLK_ABI_VERSION_SYMBOL);
  CHECK(get_api != NULL && abi_version != NULL);
  if (get_api == NULL || abi_version == NULL) return 1;
  CHECK(abi_version() >> 16 == FLBLK_ABI_MAJOR);
  CHECK(get_api(FLBLK_ABI_MAJOR + 1) == NULL);
  CHECK(get_api(0) == NULL);
  api = get_api(FLBLK_ABI_MAJOR);
  CHECK(api != NULL);
  if (api == NULL) return 1;
  CHECK(api == get_api(FLBLK_ABI_MAJOR));
  CHECK(api->abi_version == abi_version());
  CHECK(strcmp(api->name, "flblk") == 0);
  CHECK(strlen(api->version) > 0);
  CHECK(FLBLK_HAS(api, last_error));
  check_life(api, argv[2]);
  check_bad_calls(api); /* also after a life */
  dlclose(so);
  if (failures == 0)
    printf("%s %s conforms to ABI %u.%u\n", argv[1], api->version, FLBLK_ABI_MAJOR,
           FLBLK_ABI_MINOR);
  return failures == 0 ? 0 : 1;
}
