/* flblk.h alone, as C99, every warning an error; and the layout of its structs: append-only
 * since 1.0. */
#include "plugin/flblk.h"

#define CHECK_CAT2(a, b) a##b
#define CHECK_CAT(a, b) CHECK_CAT2(a, b)
#define CHECK(condition) typedef char CHECK_CAT(check_, __LINE__)[(condition) ? 1 : -1]

CHECK(sizeof(flblk_bytes) == 16);
CHECK(sizeof(flblk_authorization) == 112);
CHECK(offsetof(flblk_authorization, timestamp) == 8);
CHECK(offsetof(flblk_authorization, builder_vk) == 16);
CHECK(offsetof(flblk_authorization, authorizer_sig) == 48);

CHECK(sizeof(flblk_forkchoice) == 144);
CHECK(offsetof(flblk_forkchoice, timestamp) == 8);
CHECK(offsetof(flblk_forkchoice, block_number) == 16);
CHECK(offsetof(flblk_forkchoice, payload_id) == 24);
CHECK(offsetof(flblk_forkchoice, authorization) == 32);
CHECK(sizeof(flblk_forkchoice_result) == 16);
CHECK(sizeof(flblk_flashblock) == 24);
CHECK(sizeof(flblk_publish_result) == 32);
CHECK(offsetof(flblk_publish_result, index) == 16);
CHECK(sizeof(flblk_stats) == 72);
CHECK(offsetof(flblk_stats, slot) == 16);
CHECK(offsetof(flblk_stats, last_flashblock_ns) == 64);

CHECK(sizeof(flblk_publishing_event) == 216);
CHECK(offsetof(flblk_publishing_event, unix_ns) == 24);
CHECK(offsetof(flblk_publishing_event, authorization) == 40);
CHECK(offsetof(flblk_publishing_event, rival_vk) == 152);
CHECK(offsetof(flblk_publishing_event, next_index) == 184);
CHECK(offsetof(flblk_publishing_event, flashblocks) == 200);
CHECK(offsetof(flblk_flashblock_event, lost) == 8);
CHECK(offsetof(flblk_flashblock_event, authorization) == 16);
CHECK(offsetof(flblk_flashblock_event, actor_sig) == 128);
CHECK(offsetof(flblk_flashblock_event, index) == 192);
CHECK(offsetof(flblk_flashblock_event, state_root) == 208);
CHECK(offsetof(flblk_flashblock_event, transaction_count) == 304);
CHECK(offsetof(flblk_flashblock_event, base_fee) == 360);
CHECK(offsetof(flblk_flashblock_event, metadata) == 392);
CHECK(offsetof(flblk_flashblock_event, signed_rlp) == 424);
CHECK(sizeof(flblk_flashblock_event) == 440);
CHECK(sizeof(flblk_callbacks) == 40);
CHECK(sizeof(flblk_options) == 56);

CHECK(offsetof(flblk_api, struct_size) == 0);
CHECK(offsetof(flblk_api, abi_version) == 4);
CHECK(offsetof(flblk_api, name) == 8);
CHECK(offsetof(flblk_api, version) == 16);
CHECK(offsetof(flblk_api, create) == 24);
CHECK(offsetof(flblk_api, destroy) == 48);
CHECK(offsetof(flblk_api, publish) == 64);
CHECK(offsetof(flblk_api, stats) == 96);
CHECK(offsetof(flblk_api, last_error) == 128);
CHECK(offsetof(flblk_api, reconfigure) == 136); /* 1.1 */
CHECK(sizeof(flblk_api) == 144);

int flblk_header_c(void);
int flblk_header_c(void) { return (int)FLBLK_ABI_VERSION; }
