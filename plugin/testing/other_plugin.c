/* Stands in for libflblk.so (LD_PRELOAD) where a test wants what the real one never does:
 * OTHER_PLUGIN is "major" (another major version of the ABI), "create" or "start" (that call
 * fails), "stop" (it never returns). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/flblk.h"

static char handle;

static int Is(const char* what) {
  const char* wanted = getenv("OTHER_PLUGIN");
  return wanted != NULL && strcmp(wanted, what) == 0;
}

static flblk_status Create(const flblk_options* options, flblk_plugin** out) {
  (void)options;
  *out = Is("create") ? NULL : (flblk_plugin*)&handle;
  return Is("create") ? FLBLK_FAILED_PRECONDITION : FLBLK_OK;
}
static flblk_status Start(flblk_plugin* plugin) {
  (void)plugin;
  return Is("start") ? FLBLK_FAILED_PRECONDITION : FLBLK_OK;
}
static flblk_status Stop(flblk_plugin* plugin) {
  (void)plugin;
  while (Is("stop")) pause();
  return FLBLK_OK;
}
static flblk_status Destroy(flblk_plugin* plugin) {
  (void)plugin;
  return FLBLK_OK;
}
static const char* Nothing(flblk_plugin* plugin) {
  (void)plugin;
  return "";
}
static const char* LastError(void) { return "as the test wants it"; }

const flblk_api* flblk_get_api(uint32_t major) {
  static flblk_api api;
  if (Is("major")) return NULL;
  api.struct_size = sizeof api;
  api.abi_version = major << 16;
  api.name = api.version = "other";
  api.create = Create;
  api.start = Start;
  api.stop = Stop;
  api.destroy = Destroy;
  api.grpc_target = api.http_address = api.enode = Nothing;
  api.last_error = LastError;
  return &api;
}
