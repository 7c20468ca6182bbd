// What files, sockets and certificates are refused for: each error names the setting and the path.
#include "plugin/files.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "plugin/listen_socket.h"
#include "plugin/testing/temp_dir.h"
#include "plugin/testing/tls_files.h"
#include "plugin/text.h"
#include "plugin/tls_check.h"
#include "plugin/unix_socket.h"

namespace flblk::plugin {
namespace {

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  return std::string(result.status().message());
}

class FilesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) { return Cat(dir_.path(), "/", name); }
  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(Path(name)) << text;
    chmod(Path(name).c_str(), 0600);
    return Path(name);
  }

  TempDir dir_;
};

TEST_F(FilesTest, TheDataDirectoryIsADirectory) {
  const std::string file = File("file", "x");
  EXPECT_EQ(ErrorOf(DataDirectory::Open(file)), Cat("datadir ", file, "/lock: Not a directory"));
  EXPECT_EQ(ErrorOf(DataDirectory::Open(Path("none/of/them"))),
            Cat("datadir ", Path("none/of/them"), ": No such file or directory"));
}

TEST_F(FilesTest, ATextFileIsReadableAndWithinItsLimit) {
  EXPECT_EQ(ErrorOf(ReadTextFile("grpc_tls_cert", Path("none"))),
            Cat("grpc_tls_cert ", Path("none"), ": No such file or directory"));
  EXPECT_EQ(ErrorOf(ReadTextFile("grpc_tls_cert", dir_.path())),
            Cat("grpc_tls_cert ", dir_.path(), ": cannot be read"));
  const std::string empty = File("empty", "");
  EXPECT_EQ(ErrorOf(ReadTextFile("grpc_tls_key", empty)), Cat("grpc_tls_key ", empty, ": empty"));
  const std::string large = File("large", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(ErrorOf(ReadTextFile("grpc_tls_client_ca", large)),
            Cat("grpc_tls_client_ca ", large, ": above 1048576 bytes"));
  EXPECT_EQ(ReadTextFile("x", File("most", std::string(1 << 20, 'x')))->size(), size_t{1} << 20);
}

TEST_F(FilesTest, ATokenHasSixteenTo1024CharactersWithoutBlanks) {
  EXPECT_EQ(ErrorOf(ReadTokenFile(Path("none"))),
            Cat("grpc_token_file ", Path("none"), ": No such file or directory"));
  for (const std::string& token :
       {std::string(15, 'x'), std::string(1025, 'x'), std::string("eight678 eight678"),
        std::string("eight678\neight678"),
        std::string("eight678\x7f"
                    "eight678"),
        std::string("\n")}) {
    const std::string path = File("token", token);
    EXPECT_EQ(ErrorOf(ReadTokenFile(path)),
              Cat("grpc_token_file ", path,
                  ": want one line of 16..1024 printable characters without blanks"));
  }
  for (const size_t size : {16, 1024}) {
    const std::string token(size, 'x');
    EXPECT_EQ(*ReadTokenFile(File("token", token + "\r\n")), token);
  }
}

// ------------------------------------------------------------------------------------------------
// sockets
TEST_F(FilesTest, ASocketNeedsItsDirectory) {
  const std::string nowhere = Path("none/flblk.sock"), file = File("file", "x");
  EXPECT_EQ(ErrorOf(UnixSocketFile::Prepare(nowhere)),
            Cat("unix:", nowhere, ": the directory ", Path("none"),
                " does not exist: make it, or set grpc to another place"));
  EXPECT_EQ(ErrorOf(UnixSocketFile::Prepare(file + "/s")),
            Cat("unix:", file, "/s: Not a directory"));
}

TEST_F(FilesTest, ASocketOfAnotherKindIsLeftAlone) {
  const std::string path = Path("log");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ErrorOf(UnixSocketFile::Prepare(path)),
            Cat("unix:", path, ": Protocol wrong type for socket"));
  close(fd);
}

TEST_F(FilesTest, ASocketThatWasNotBoundIsNotPublishedAndNothingIsLeft) {
  {
    auto file = UnixSocketFile::Prepare(Path("s"));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->Publish(0600).message(),
              Cat("unix:", Path("s"), ": No such file or directory"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(FilesTest, ATooLongPathIsNoSocket) {
  const Endpoint endpoint{.kind = Endpoint::Kind::kUnix, .path = "/run/s", .host = {}};
  EXPECT_EQ(ErrorOf(Listen(endpoint, std::string(108, 'x'))), "unix:/run/s: File name too long");
}

TEST_F(FilesTest, ListensOnIpv6AndRefusesTheSamePortTwice) {
  const auto first = Listen(*ParseEndpoint("[::1]:0"), "");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(first->address.port, 0);
  EXPECT_EQ(ErrorOf(Listen(first->address, "")),
            Cat("[::1]:", first->address.port, ": Address already in use"));
}

// ------------------------------------------------------------------------------------------------
// certificates
std::string Encrypted(const std::string& key_pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> in(
      BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
  char phrase[] = "pass phrase";
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), phrase,
                                          sizeof phrase - 1, nullptr, nullptr),
            1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

TEST_F(FilesTest, CertificatesAndKeysAreWhatTheirSettingsSay) {
  const TlsFiles one = MakeTlsFiles(dir_.path(), "one"), two = MakeTlsFiles(dir_.path(), "two");
  EXPECT_TRUE(CheckTls("", "", "").ok());
  EXPECT_TRUE(CheckTls(one.cert, one.key, two.cert).ok());
  const auto error = [](const std::string& cert, const std::string& key, const std::string& ca) {
    const auto status = CheckTls(cert, key, ca);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(error(one.cert, one.key, "text"), "grpc_tls_client_ca: holds no PEM certificate");
  EXPECT_EQ(error(one.cert, one.key, two.key), "grpc_tls_client_ca: holds no PEM certificate");
  EXPECT_EQ(error(one.key, one.key, ""), "grpc_tls_cert: holds no PEM certificate");
  EXPECT_EQ(error(one.cert, "text", ""),
            "grpc_tls_key: holds no PEM private key without pass phrase");
  EXPECT_EQ(error(one.cert, Encrypted(one.key), ""),
            "grpc_tls_key: holds no PEM private key without pass phrase");
  EXPECT_EQ(error(one.cert, two.key, ""), "grpc_tls_key: is not the key of grpc_tls_cert");
}

}  // namespace
}  // namespace flblk::plugin
