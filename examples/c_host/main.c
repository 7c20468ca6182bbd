/*
 * A plain C99 host of the plugin: publishes one block whose flashblocks are JSON files.
 *
 *   c_host LIBFLBLK.SO CONFIG.TOML AUTHORIZATION.json FLASHBLOCK.json...
 *
 * AUTHORIZATION.json is what `flblkctl authorize` prints. Waits for a first peer before it
 * publishes.
 */
#define _POSIX_C_SOURCE 199309L /* nanosleep */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <flblk.h>

enum { kFirstFile = 4, kPeerPolls = 1000 }; /* polls of 10 ms */

static int fail(const char* what, const char* why) {
  fprintf(stderr, "c_host: %s: %s\n", what, why);
  return 1;
}

/* The whole file and a 0 behind it, in memory that the caller frees; data is NULL where it cannot
 * be read. */
static flblk_bytes read_file(const char* path) {
  flblk_bytes out = {NULL, 0};
  FILE* file = fopen(path, "rb");
  if (file == NULL) return out;
  if (fseek(file, 0, SEEK_END) == 0) {
    const long size = ftell(file);
    uint8_t* data = size >= 0 ? malloc((size_t)size + 1) : NULL;
    rewind(file);
    if (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size) {
      data[size] = 0;
      out.data = data;
      out.size = (uint64_t)size;
    } else {
      free(data);
    }
  }
  fclose(file);
  return out;
}

/* What follows "name": in the JSON text; "" where the name is missing. Enough for an object whose
 * values hold no names. */
static const char* value_of(const char* json, const char* name) {
  char quoted[32];
  const char* found;
  snprintf(quoted, sizeof quoted, "\"%s\"", name);
  found = strstr(json, quoted);
  if (found == NULL) return "";
  found += strlen(quoted);
  return found + strspn(found, ": \t\r\n");
}

/* 1 where `text` begins with exactly `size` bytes as quoted hex, with or without 0x. */
static int read_hex(const char* text, uint8_t* out, size_t size) {
  size_t i;
  if (*text++ != '"') return 0;
  if (strncmp(text, "0x", 2) == 0) text += 2;
  if (strspn(text, "0123456789abcdefABCDEF") != 2 * size || text[2 * size] != '"') return 0;
  for (i = 0; i < size; ++i) {
    const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
    out[i] = (uint8_t)strtoul(digits, NULL, 16);
  }
  return 1;
}

/* 1 where `text` begins with exactly `size` bytes as an array of numbers, or as hex. */
static int read_bytes(const char* text, uint8_t* out, size_t size) {
  size_t i;
  if (*text != '[') return read_hex(text, out, size);
  for (i = 0; i < size; ++i) {
    char* end = NULL;
    const unsigned long value = strtoul(text + 1, &end, 10);
    if (end == text + 1 || value > 255) return 0;
    end += strspn(end, " \t\r\n");
    if (*end != (i + 1 < size ? ',' : ']')) return 0;
    out[i] = (uint8_t)value;
    text = end;
  }
  return 1;
}

static void on_publishing(void* user, const flblk_publishing_event* event) {
  (void)user;
  printf("state %" PRIu32 ", cause %" PRIu32 ", next index %" PRIu64 "\n", event->state,
         event->cause, event->next_index);
}

static void on_flashblock(void* user, const flblk_flashblock_event* event) {
  (void)user;
  printf("on the network: index %" PRIu64 ", %" PRIu64 " transactions\n", event->index,
         event->transaction_count);
}

static int parse_authorization(const char* json, flblk_authorization* out) {
  const char* slot = value_of(json, "timestamp");
  char* end = NULL;
  out->timestamp = strtoull(slot, &end, 10);
  return end != slot &&
         read_bytes(value_of(json, "payload_id"), out->payload_id, sizeof out->payload_id) &&
         read_bytes(value_of(json, "builder_vk"), out->builder_vk, sizeof out->builder_vk) &&
         read_bytes(value_of(json, "authorizer_sig"), out->authorizer_sig,
                    sizeof out->authorizer_sig);
}

static int read_authorization(const char* path, flblk_authorization* out) {
  const flblk_bytes json = read_file(path);
  int ok;
  if (json.data == NULL) return fail(path, "cannot be read");
  ok = parse_authorization((const char*)json.data, out);
  free((void*)json.data);
  return ok ? 0 : fail(path, "is no Authorization as flblkctl authorize prints it");
}

static int wait_for_peer(const flblk_api* api, flblk_plugin* plugin) {
  const struct timespec pause = {0, 10000000};
  flblk_stats stats;
  int i;
  for (i = 0; i < kPeerPolls; ++i) {
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    if (api->stats(plugin, &stats) != FLBLK_OK) return fail("stats", api->last_error());
    if (stats.peers > 0) return 0;
    nanosleep(&pause, NULL);
  }
  return fail("peers", "none has connected");
}

static int publish_file(const flblk_api* api, flblk_plugin* plugin, const char* path) {
  flblk_flashblock flashblock;
  flblk_status status;
  memset(&flashblock, 0, sizeof flashblock);
  flashblock.struct_size = sizeof flashblock;
  flashblock.encoding = FLBLK_ENCODING_JSON;
  flashblock.data = read_file(path);
  if (flashblock.data.data == NULL) return fail(path, "cannot be read");
  status = api->publish(plugin, &flashblock, NULL);
  free((void*)flashblock.data.data);
  if (status != FLBLK_OK) return fail(path, api->last_error());
  printf("published %s\n", path);
  return 0;
}

static int publish_block(const flblk_api* api, flblk_plugin* plugin,
                         const flblk_authorization* authorization, char** files, int count) {
  flblk_forkchoice update;
  flblk_forkchoice_result result;
  int i;
  memset(&update, 0, sizeof update);
  update.struct_size = sizeof update;
  update.flags = FLBLK_FC_ATTRIBUTES | FLBLK_FC_AUTHORIZATION;
  update.timestamp = authorization->timestamp;
  update.authorization = *authorization;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  if (api->forkchoice_updated(plugin, &update, &result) != FLBLK_OK)
    return fail("forkchoice", api->last_error());
  if (result.state != FLBLK_STATE_PUBLISHING)
    return fail("forkchoice", "another builder publishes");
  for (i = 0; i < count; ++i) {
    if (publish_file(api, plugin, files[i]) != 0) return 1;
  }
  if (api->payload_sealed(plugin, authorization->payload_id) != FLBLK_OK)
    return fail("seal", api->last_error());
  return 0;
}

static int run(const flblk_api* api, const char* config_path,
               const flblk_authorization* authorization, char** files, int count) {
  flblk_callbacks callbacks;
  flblk_options options;
  flblk_plugin* plugin = NULL;
  int failed;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.struct_size = sizeof callbacks;
  callbacks.on_publishing = on_publishing;
  callbacks.on_flashblock = on_flashblock;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.config = read_file(config_path);
  options.callbacks = &callbacks;
  if (options.config.data == NULL) return fail(config_path, "cannot be read");
  failed = api->create(&options, &plugin) != FLBLK_OK;
  free((void*)options.config.data);
  if (failed) return fail("create", api->last_error());
  if (api->start(plugin) != FLBLK_OK) {
    failed = fail("start", api->last_error());
  } else {
    printf("%s\n", api->enode(plugin));
    failed = wait_for_peer(api, plugin) || publish_block(api, plugin, authorization, files, count);
  }
  api->destroy(plugin);
  return failed;
}

int main(int argc, char** argv) {
  flblk_authorization authorization;
  flblk_get_api_fn get_api = NULL;
  const flblk_api* api = NULL;
  void* library;
  if (argc <= kFirstFile) {
    return fail("usage", "c_host LIBFLBLK.SO CONFIG.TOML AUTHORIZATION.json FLASHBLOCK.json...");
  }
  if (read_authorization(argv[3], &authorization) != 0) return 1;
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return fail("dlopen", dlerror());
  *(void**)&get_api = dlsym(library, FLBLK_GET_API_SYMBOL);
  if (get_api != NULL) api = get_api(FLBLK_ABI_MAJOR);
  if (api == NULL) return fail(argv[1], "no flblk plugin of this ABI");
  return run(api, argv[2], &authorization, argv + kFirstFile, argc - kFirstFile);
}
