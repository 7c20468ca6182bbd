// The TCP listener with TLS: over a node without a network.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include "flblk/v1/admin.grpc.pb.h"
#include "plugin/testing/temp_dir.h"
#include "plugin/testing/test_runtime.h"
#include "plugin/testing/tls_files.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

class TlsTest : public testing::Test {
 protected:
  // Listens on a free loopback port with the server's certificate and `more` settings.
  void Start(const std::string& more = "") {
    test_ =
        std::make_unique<TestRuntime>(Cat("grpc_tls_cert = \"", server_.cert_path,
                                          "\"\ngrpc_tls_key = \"", server_.key_path, "\"\n", more));
    test_->config.grpc = {*ParseEndpoint("127.0.0.1:0")};
    const auto status = test_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  grpc::StatusCode Call(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(test_->runtime->grpc_targets(), credentials, arguments);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::NodeInfoResponse response;
    return v1::Admin::NewStub(channel)->NodeInfo(&context, {}, &response).error_code();
  }
  static std::shared_ptr<grpc::ChannelCredentials> Trusting(const TlsFiles& authority,
                                                            const TlsFiles* own = nullptr) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.cert;
    if (own != nullptr) {
      options.pem_private_key = own->key;
      options.pem_cert_chain = own->cert;
    }
    return grpc::SslCredentials(options);
  }

  TempDir files_;
  const TlsFiles server_ = MakeTlsFiles(files_.path(), "server");
  const TlsFiles client_ = MakeTlsFiles(files_.path(), "client");
  std::unique_ptr<TestRuntime> test_;
};

TEST_F(TlsTest, AnswersOnlyThroughTls) {
  Start();
  EXPECT_EQ(Call(Trusting(server_)), grpc::OK);
  EXPECT_EQ(Call(Trusting(client_)), grpc::UNAVAILABLE);  // the caller does not know the server
  EXPECT_EQ(Call(grpc::InsecureChannelCredentials()), grpc::UNAVAILABLE);
}

TEST_F(TlsTest, AsksForAClientCertificateWhereAnAuthorityIsGiven) {
  Start(Cat("grpc_tls_client_ca = \"", client_.cert_path, "\"\n"));
  EXPECT_EQ(Call(Trusting(server_, &client_)), grpc::OK);
  EXPECT_EQ(Call(Trusting(server_)), grpc::UNAVAILABLE);
  EXPECT_EQ(Call(Trusting(server_, &server_)), grpc::UNAVAILABLE);  // of another authority
}

TEST_F(TlsTest, BadFilesAreNamed) {
  const auto error = [&](const std::string& cert, const std::string& key) {
    TestRuntime test(Cat("grpc_tls_cert = \"", cert, "\"\ngrpc_tls_key = \"", key, "\"\n"));
    test.config.grpc = {*ParseEndpoint("127.0.0.1:0")};
    return std::string(test.Start().message());
  };
  EXPECT_THAT(error(files_.path() + "/none", server_.key_path), HasSubstr("grpc_tls_cert"));
  EXPECT_THAT(error(server_.cert_path, files_.path() + "/none"), HasSubstr("grpc_tls_key"));
  EXPECT_THAT(error(server_.key_path, server_.key_path),
              HasSubstr("grpc_tls_cert: holds no PEM certificate"));
  EXPECT_THAT(error(server_.cert_path, server_.cert_path),
              HasSubstr("grpc_tls_key: holds no PEM private key"));
  EXPECT_THAT(error(server_.cert_path, client_.key_path),
              HasSubstr("grpc_tls_key: is not the key of grpc_tls_cert"));
}

}  // namespace
}  // namespace flblk::plugin
