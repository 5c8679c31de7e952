#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace gibbon::store {

class SqliteDatabase;

/// A prepared statement. Parameters are numbered from 1, columns from 0, as in SQLite.
class SqliteStatement {
 public:
  void bind(int parameter, std::string_view text);
  void bind(int parameter, double value);
  void bind(int parameter, int value);
  void bind_null(int parameter);
  /// True while there is a row.
  bool step();
  /// Ready to be bound and stepped again.
  void reset();

  std::string text(int column) const;
  double real(int column) const;  ///< a stored NULL reads as NaN: SQLite has no NaN
  int integer(int column) const;
  bool is_null(int column) const;

 private:
  friend class SqliteDatabase;
  SqliteStatement(const SqliteDatabase& database, std::string_view sql);
  void check(int code) const;

  const SqliteDatabase* database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

/// A connection to one file; every failure is a base::Error with the file and the reason.
class SqliteDatabase {
 public:
  explicit SqliteDatabase(const std::filesystem::path& file, bool may_create);
  void run(const std::string& sql) const;
  SqliteStatement prepare(std::string_view sql) const { return SqliteStatement(*this, sql); }
  int integer(std::string_view sql) const;
  [[noreturn]] void fail(int code) const;
  /// Ends a transaction that a failure left open.
  void roll_back() const noexcept;
  sqlite3* handle() const { return handle_.get(); }

 private:
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

}  // namespace gibbon::store
