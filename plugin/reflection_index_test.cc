#include "plugin/reflection_index.h"

#include <gmock/gmock.h>

#include "proto/descriptors.h"

namespace flblk::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const ReflectionIndex& Index() {
  static const ReflectionIndex index(proto::DescriptorSet());
  return index;
}

TEST(ReflectionIndex, ListsEveryService) {
  EXPECT_THAT(Index().services(),
              UnorderedElementsAre("flblk.v1.Builder", "flblk.v1.Admin", "grpc.health.v1.Health",
                                   "grpc.reflection.v1alpha.ServerReflection"));
}

TEST(ReflectionIndex, AFileComesWithItsImports) {
  EXPECT_THAT(Index().FileByName("flblk/v1/types.proto"), SizeIs(1));
  const auto files = Index().FileByName("flblk/v1/builder.proto");
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_NE(files[0].find("flblk/v1/builder.proto"), std::string_view::npos);
  EXPECT_THAT(Index().FileByName("nothing.proto"), IsEmpty());
}

TEST(ReflectionIndex, FindsServicesMethodsMessagesAndEnums) {
  for (const char* symbol :
       {"flblk.v1.Builder", "flblk.v1.Builder.Publish", "flblk.v1.PublishRequest"}) {
    EXPECT_THAT(Index().FileBySymbol(symbol), SizeIs(2)) << symbol;
  }
  for (const char* symbol :
       {"flblk.v1.Diff", "flblk.v1.Cause", "grpc.health.v1.HealthCheckResponse.ServingStatus"}) {
    EXPECT_THAT(Index().FileBySymbol(symbol), SizeIs(1)) << symbol;
  }
  EXPECT_THAT(Index().FileBySymbol("flblk.v1.Nothing"), IsEmpty());
}

TEST(ReflectionIndex, ATruncatedSetGivesWhatCameBefore) {
  const std::string_view whole = proto::DescriptorSet();
  for (size_t size = 0; size < whole.size(); size += 7) {
    const ReflectionIndex index(whole.substr(0, size));
    EXPECT_LE(index.services().size(), Index().services().size());
  }
}

}  // namespace
}  // namespace flblk::plugin
