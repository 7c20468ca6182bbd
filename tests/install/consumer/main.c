/* A stranger's host: asks the installed plugin for its table and for one clear error. */
#include <flblk.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  const flblk_api* api = flblk_get_api(FLBLK_ABI_MAJOR);
  if (api == NULL || strcmp(api->name, "flblk") != 0) return 1;
  static const char config[] = "no_such_setting = 1\n";
  flblk_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.config.data = (const uint8_t*)config;
  options.config.size = sizeof config - 1;
  flblk_plugin* plugin = NULL;
  if (api->create(&options, &plugin) != FLBLK_INVALID_ARGUMENT || plugin != NULL) return 1;
  printf("flblk %s, ABI %u.%u: %s\n", api->version, api->abi_version >> 16,
         api->abi_version & 0xffff, api->last_error());
  return strstr(api->last_error(), "no_such_setting") == NULL;
}
