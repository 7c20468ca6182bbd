// flblk.h alone, as C++20.
#include "plugin/flblk.h"

#include <type_traits>

static_assert(std::is_standard_layout_v<flblk_api> && std::is_trivially_copyable_v<flblk_api>);
static_assert(std::is_trivially_copyable_v<flblk_options> &&
              std::is_trivially_copyable_v<flblk_flashblock_event>);
static_assert(std::is_same_v<decltype(&flblk_get_api), flblk_get_api_fn>);
static_assert(std::is_same_v<decltype(&flblk_abi_version), flblk_abi_version_fn>);

int flblk_header_cpp() { return FLBLK_ABI_MAJOR; }
