#include "gibbon/data/download.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "data/http_server.hpp"
#include "data/test_archive.hpp"
#include "data/test_files.hpp"
#include "gibbon/data/checksum.hpp"

namespace gibbon::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Watcher final : public base::Progress {
 public:
  void update(const base::ProgressUpdate& update) override { last = update; }
  void note(const std::string& line) override { notes += line + "\n"; }
  bool stop_requested() const override { return stop; }

  base::ProgressUpdate last;
  std::string notes;
  bool stop = false;
};

class Download : public testing::Test {
 protected:
  Download() {
    ::setenv("no_proxy", "127.0.0.1", 1);
    std::string noise(200'000, '\0');
    std::uint32_t state = 1;
    for (char& byte : noise)
      byte = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    write_archive(folder_ / "source.tar.gz",
                  {{"tiny-bin/a.bin", noise, AE_IFREG, ""}, {"tiny-bin/b", "b", AE_IFREG, ""}});
    body_ = bytes_of_file(folder_ / "source.tar.gz");
    archive_ = {"tiny", "https://example.invalid/files/tiny.tar.gz",
                md5_of_file(folder_ / "source.tar.gz"), static_cast<std::int64_t>(body_.size()),
                "tiny-bin"};
  }

  std::string run(const HttpServer& server) {
    return error_of([&] { download_and_unpack(archive_, to_, watcher_, server.url("/t.tar.gz")); });
  }
  void expect_unpacked() const {
    EXPECT_EQ(bytes_of_file(to_ / "tiny-bin/b"), "b");
    EXPECT_EQ(fs::file_size(to_ / "tiny-bin/a.bin"), 200'000u);
    EXPECT_EQ(bytes_of_file(to_ / "tiny.tar.gz"), body_);
    EXPECT_FALSE(fs::exists(partial_));
    EXPECT_FALSE(fs::exists(to_ / ".tiny-bin.unpacking"));
  }

  TemporaryFolder folder_;
  const fs::path to_ = folder_ / "new/data";
  const fs::path partial_ = to_ / "tiny.tar.gz.partial";
  std::string body_;
  Archive archive_;
  Watcher watcher_;
};

TEST(Archives, AreThoseOfCifar) {
  EXPECT_EQ(find_archive("cifar10").bytes, 170052171);
  EXPECT_EQ(find_archive("cifar100").unpacked_folder, "cifar-100-binary");
  for (const Archive& archive : archives()) EXPECT_EQ(archive.md5.size(), 32u);
  EXPECT_EQ(error_of([] { find_archive("mnist"); }),
            "the dataset \"mnist\" cannot be downloaded; these can: cifar10, cifar100");
}

TEST_F(Download, FetchesChecksAndUnpacks) {
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0], testing::StartsWith("GET /t.tar.gz HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Range")));
  EXPECT_EQ(watcher_.last.stage, "download tiny");
  EXPECT_EQ(watcher_.last.done, archive_.bytes);
  EXPECT_EQ(watcher_.last.total, archive_.bytes);
}

TEST_F(Download, DoesNothingTwice) {
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  run(server);
  ASSERT_EQ(run(server), "no error");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(watcher_.notes, HasSubstr("tiny-bin is already there"));
  // The archive is still there: it is unpacked again without asking the server.
  fs::remove_all(to_ / "tiny-bin");
  ASSERT_EQ(run(server), "no error");
  EXPECT_EQ(server.requests().size(), 1u);
  expect_unpacked();
}

TEST_F(Download, TakesUpABrokenConnectionWhereItBroke) {
  std::vector<std::string> sent;
  const HttpServer server([&](int number, const std::string& request) {
    std::string response = response_with_ranges(body_, request);
    if (number == 0) response.resize(response.size() - body_.size() + 70'000);
    sent.push_back(response);
    return response;
  });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[1], HasSubstr("\r\nRange: bytes=70000-\r\n"));
  // Only the rest was served.
  EXPECT_EQ(sent[1], part_response(body_, 70'000));
}

TEST_F(Download, LaterCallContinuesThePartialFile) {
  {
    const HttpServer server([&](int number, const std::string& request) {
      if (number > 0) return std::string();
      std::string response = response_with_ranges(body_, request);
      response.resize(response.size() - 1000);
      return response;
    });
    const std::string error = run(server);
    EXPECT_THAT(error, HasSubstr("cannot download " + server.url("/t.tar.gz")));
    EXPECT_THAT(error, HasSubstr(std::to_string(body_.size() - 1000) + " bytes are kept in " +
                                 partial_.string() + ", the next try continues from there"));
  }
  EXPECT_EQ(bytes_of_file(partial_), body_.substr(0, body_.size() - 1000));
  const HttpServer server(
      [&](int, const std::string& request) { return response_with_ranges(body_, request); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(range_of(server.requests()[0]), body_.size() - 1000);
}

TEST_F(Download, StartsOverWhereTheServerHasNoRanges) {
  write_bytes(partial_, "something quite different");
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(range_of(server.requests()[0]), 25u);
}

TEST_F(Download, StartsOverWhereThePartDoesNotFit) {
  write_bytes(partial_, body_.substr(0, 100));
  const HttpServer server([&](int number, const std::string& request) {
    return number == 0 ? part_response(body_, 50) : response_with_ranges(body_, request);
  });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[1], Not(HasSubstr("Range")));
}

TEST_F(Download, StartsOverFromAPartialFileThatIsTooLong) {
  for (const std::size_t excess : {0u, 1u}) {
    fs::remove_all(to_);
    write_bytes(partial_, std::string(body_.size() + excess, 'x'));
    const HttpServer server(
        [&](int, const std::string& request) { return response_with_ranges(body_, request); });
    ASSERT_EQ(run(server), "no error");
    expect_unpacked();
  }
}

TEST_F(Download, UsesAWholePartialFileWithoutAServer) {
  write_bytes(partial_, body_);
  const HttpServer server([&](int, const std::string&) { return std::string(); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Download, WorksWithoutAKnownLength) {
  archive_.bytes.reset();
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
}

TEST_F(Download, FollowsARedirection) {
  const HttpServer server([&](int number, const std::string&) {
    if (number > 0) return whole_response(body_);
    return std::string("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmoved");
  });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
}

TEST_F(Download, SaysTheHttpStatus) {
  const HttpServer server([&](int, const std::string&) {
    return std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  });
  EXPECT_EQ(run(server),
            "cannot download " + server.url("/t.tar.gz") + ": HTTP status 404, expected 200");
  EXPECT_EQ(bytes_of_file(partial_), "");
  EXPECT_FALSE(fs::exists(to_ / "tiny-bin"));
}

TEST_F(Download, KeepsAFileWithTheWrongMd5Aside) {
  std::string damaged = body_;
  damaged[1000] = static_cast<char>(damaged[1000] ^ 1);
  const fs::path aside = to_ / "tiny.tar.gz.wrong-md5";
  {
    const HttpServer server([&](int, const std::string&) { return whole_response(damaged); });
    const std::string error = run(server);
    EXPECT_THAT(error, HasSubstr("expected " + archive_.md5));
    EXPECT_THAT(error, HasSubstr("the file is kept as " + aside.string()));
    EXPECT_EQ(bytes_of_file(aside), damaged);
    EXPECT_FALSE(fs::exists(to_ / "tiny-bin"));
  }
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  EXPECT_EQ(run(server), "no error");
  expect_unpacked();
}

TEST_F(Download, SetsADamagedArchiveAside) {
  write_bytes(to_ / "tiny.tar.gz", "damaged");
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  ASSERT_EQ(run(server), "no error");
  expect_unpacked();
  EXPECT_THAT(watcher_.notes, HasSubstr("was not whole: it is now"));
  EXPECT_EQ(bytes_of_file(to_ / "tiny.tar.gz.wrong-md5"), "damaged");
}

TEST_F(Download, RefusesMoreBytesThanThereShouldBe) {
  const HttpServer server([&](int, const std::string&) { return whole_response(body_ + "x"); });
  EXPECT_THAT(run(server), HasSubstr("more than the " + std::to_string(body_.size()) + " bytes"));
}

TEST_F(Download, SaysWhenThereIsNoServer) {
  std::string url;
  {
    url = HttpServer([](int, const std::string&) { return std::string(); }).url("/t");
  }
  const auto error = [&](const std::string& from) {
    return error_of([&] { download_and_unpack(archive_, to_, watcher_, from); });
  };
  EXPECT_THAT(error(url), HasSubstr("cannot download " + url + ": Failed to connect"));
  EXPECT_THAT(error("file:///etc/passwd"), HasSubstr("not supported or disabled"));
}

TEST_F(Download, SaysWhenTheDiskIsFull) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  fs::create_directories(to_);
  fs::create_symlink("/dev/full", partial_);
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  EXPECT_EQ(run(server), "cannot write " + partial_.string() + ": No space left on device");
}

TEST_F(Download, SaysWhenTheFolderCannotBeMade) {
  write_bytes(folder_ / "new", "a file");
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  EXPECT_THAT(run(server), HasSubstr("cannot make " + to_.string() + ": Not a directory"));
}

TEST_F(Download, StopsWhenAsked) {
  watcher_.stop = true;
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  EXPECT_THAT(run(server), HasSubstr("stopped: "));
  watcher_.stop = false;
  EXPECT_EQ(run(server), "no error");
}

TEST_F(Download, ArchiveWithoutItsFolderIsAnError) {
  archive_.unpacked_folder = "other";
  const HttpServer server([&](int, const std::string&) { return whole_response(body_); });
  EXPECT_THAT(run(server), HasSubstr("tiny.tar.gz: holds no folder other"));
  EXPECT_FALSE(fs::exists(to_ / ".other.unpacking"));
}

}  // namespace
}  // namespace gibbon::data
