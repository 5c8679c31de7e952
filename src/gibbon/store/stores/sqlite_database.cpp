#include "gibbon/store/stores/sqlite_database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>
#include <system_error>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

constexpr int kBusyMilliseconds = 60000;  // how long to wait for a reader or the writer's commit

std::string io_reason(int code) {
  switch (code) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
      return "disk I/O error while reading";
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_TRUNCATE:
      return "disk I/O error while writing";
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return "disk I/O error while synchronising";
    case SQLITE_IOERR_DELETE:
      return "disk I/O error while deleting the journal";
    default:
      return "disk I/O error";
  }
}

std::string reason(sqlite3* handle, int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "no space left (disk or quota full)";
    case SQLITE_NOTADB:
      return "not a database";
    case SQLITE_CORRUPT:
      return "the database is damaged";
    case SQLITE_READONLY:
      return "read-only file or folder";
    case SQLITE_BUSY:
      return "in use by another process";
    default:
      break;
  }
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  std::string text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  if ((code & 0xff) == SQLITE_IOERR) text = io_reason(code);
  if (system == 0) return text;
  return fmt::format("{} ({})", text, std::generic_category().message(system));
}

}  // namespace

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, bool may_create)
    : file_(file), handle_(nullptr, sqlite3_close) {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (may_create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
}

void SqliteDatabase::run(const std::string& sql) const {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

int SqliteDatabase::integer(std::string_view sql) const {
  SqliteStatement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

void SqliteDatabase::fail(int code) const {
  throw base::Error(fmt::format("{}: {}", file_.string(), reason(handle_.get(), code)));
}

void SqliteDatabase::roll_back() const noexcept {
  if (sqlite3_get_autocommit(handle_.get()) != 0) return;
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

SqliteStatement::SqliteStatement(const SqliteDatabase& database, std::string_view sql)
    : database_(&database), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      &prepared, nullptr);
  statement_.reset(prepared);
  check(code);
}

void SqliteStatement::check(int code) const {
  if (code != SQLITE_OK) database_->fail(code);
}

void SqliteStatement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL, and an empty view may have one.
  const char* data = text.data() != nullptr ? text.data() : "";
  check(sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}

void SqliteStatement::bind(int parameter, double value) {
  check(sqlite3_bind_double(statement_.get(), parameter, value));
}

void SqliteStatement::bind(int parameter, int value) {
  check(sqlite3_bind_int(statement_.get(), parameter, value));
}

void SqliteStatement::bind_null(int parameter) {
  check(sqlite3_bind_null(statement_.get(), parameter));
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->fail(code);
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
}

std::string SqliteStatement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

double SqliteStatement::real(int column) const {
  if (is_null(column)) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_.get(), column);
}

int SqliteStatement::integer(int column) const {
  return sqlite3_column_int(statement_.get(), column);
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace gibbon::store
