#include "gibbon/nn/importers/neurosim_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/base/text.hpp"

namespace gibbon::nn {

namespace {

struct Column {
  const char* name;
  int smallest;
  int largest;
};

// 65536 pixels and 2^20 channels are more than any image network has, and keep products in 64 bits.
constexpr std::array<Column, 8> kColumns{{{"input length", 1, 65536},
                                          {"input width", 1, 65536},
                                          {"input channels", 1, 1 << 20},
                                          {"kernel length", 1, 4096},
                                          {"kernel width", 1, 4096},
                                          {"output channels", 1, 1 << 20},
                                          {"followed by pooling", 0, 1},
                                          {"stride", 1, 4096}}};
constexpr std::size_t kColumnsBeforeStride = 7;
constexpr long kMaxElements = 1L << 26;

struct Row {
  int line = 0;
  Shape input;
  int kernel = 1;
  int out_channels = 1;
  bool pooled = false;
  int stride = 1;

  bool is_linear() const { return input.height == 1 && input.width == 1 && kernel == 1; }
};

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Cuts `text` at the first `separator` and gives what was before it.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

class RowReader {
 public:
  explicit RowReader(std::string file) : file_(std::move(file)) {}

  std::vector<Row> read(std::string_view content) const {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
    std::vector<Row> rows;
    for (int line = 1; !content.empty(); ++line) {
      const std::string_view text = trimmed(take_until(content, '\n'));
      if (!text.empty()) rows.push_back(read_row(line, text));
    }
    if (rows.empty()) throw base::Error(fmt::format("{}: holds no layers", file_));
    return rows;
  }

 private:
  Row read_row(int line, std::string_view text) const {
    std::array<int, kColumns.size()> values{};
    values.back() = 1;
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
      more = text.find(',') != std::string_view::npos;
      const std::string_view field = trimmed(take_until(text, ','));
      if (count < values.size()) values[count] = read_field(line, count, field);
    }
    if (count != kColumnsBeforeStride && count != kColumns.size()) {
      throw base::Error(fmt::format(
          "{}:{}: {} columns, 7 or 8 are needed: input length, width, channels, kernel length, "
          "width, output channels, followed by pooling, stride (1 where it is missing)",
          file_, line, count));
    }
    if (values[3] != values[4]) {
      throw base::Error(fmt::format("{}:{}:5: the kernel is {}x{}, square ones are supported",
                                    file_, line, values[3], values[4]));
    }
    Row row{line,     {values[2], values[0], values[1]}, values[3], values[5], values[6] == 1,
            values[7]};
    if (row.input.elements() > kMaxElements) {
      throw base::Error(fmt::format("{}:{}: its input {} has more than {} elements", file_, line,
                                    shape_text(row.input), kMaxElements));
    }
    return row;
  }

  int read_field(int line, std::size_t index, std::string_view field) const {
    const Column& column = kColumns[index];
    int value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool whole = error == std::errc() && end == field.data() + field.size();
    if (whole && value >= column.smallest && value <= column.largest) return value;
    std::string shown(field.substr(0, 40));
    for (char& letter : shown) {
      if (letter < ' ' || letter > '~') letter = '?';
    }
    throw base::Error(fmt::format("{}:{}:{}: {} is '{}', allowed are integers from {} to {}", file_,
                                  line, index + 1, column.name, shown, column.smallest,
                                  column.largest));
  }

  std::string file_;
};

/// How a row's output becomes the next row's input.
struct Fit {
  int padding = 0;
  std::optional<Pool> pool;
};

Shape convolved(const Row& row, int padding) {
  const auto size = [&](int extent) {
    return window_output_size(extent, row.kernel, row.stride, padding, PaddingMode::kZeros);
  };
  return {row.out_channels, size(row.input.height), size(row.input.width)};
}

Shape pooled(const Shape& in, const Pool& pool) {
  if (pool.mode == PoolMode::kGlobalAverage) return {in.channels, 1, 1};
  const auto size = [&](int extent) {
    return window_output_size(extent, pool.kernel, pool.stride, 0, PaddingMode::kZeros);
  };
  return {in.channels, size(in.height), size(in.width)};
}

bool feeds(const Shape& output, const Row& next) {
  if (output.height < 1 || output.width < 1) return false;
  return output == next.input || (next.is_linear() && output.elements() == next.input.channels);
}

/// The paddings to try, best first.
std::vector<int> paddings(const Row& row) {
  std::vector<int> list{(row.kernel - 1) / 2};
  for (int padding = 0; padding < row.kernel; ++padding) {
    if (padding != list.front()) list.push_back(padding);
  }
  return list;
}

std::optional<Fit> fit_with(const Row& row, const Row& next,
                            bool (*reach)(const Shape&, const Row&),
                            const std::optional<Pool>& pool) {
  for (const int padding : paddings(row)) {
    const Shape out = convolved(row, padding);
    if (out.height < 1 || out.width < 1) continue;
    if (reach(pool ? pooled(out, *pool) : out, next)) return Fit{padding, pool};
  }
  return std::nullopt;
}

/// The pooling that brings a same-padded output to the next row's size, where it is not by halves.
std::optional<Fit> fit_by_window(const Row& row, const Row& next, int activation_bits) {
  const int padding = (row.kernel - 1) / 2;
  const Shape out = convolved(row, padding);
  if (out.height < 2 * next.input.height || out.channels != next.input.channels)
    return std::nullopt;
  Pool pool;
  pool.activation_bits = activation_bits;
  pool.kernel = pool.stride = out.height / next.input.height;
  if (next.input.height == 1 && next.input.width == 1) {
    pool.mode = PoolMode::kGlobalAverage;
    pool.kernel = pool.stride = std::max(out.height, out.width);
  }
  if (pooled(out, pool) != next.input) return std::nullopt;
  return Fit{padding, pool};
}

std::optional<Fit> fit(const Row& row, const Row& next, int activation_bits) {
  if (!row.pooled) return fit_with(row, next, feeds, std::nullopt);
  Pool half;
  half.activation_bits = activation_bits;
  if (auto found = fit_with(row, next, feeds, half)) return found;
  return fit_by_window(row, next, activation_bits);
}

class NetworkBuilder {
 public:
  NetworkBuilder(std::vector<Row> rows, std::string file, std::string name,
                 const ImportOptions& options)
      : rows_(std::move(rows)), file_(std::move(file)), options_(options) {
    description_.name = std::move(name);
    description_.input = rows_.front().input;
    description_.input_bits = options.input_bits;
    description_.input_scale = options.input_scale;
    description_.num_classes = rows_.back().out_channels;
  }

  Network build() {
    for (std::size_t index = 0; index < rows_.size();) index += add(index);
    try {
      return Network(std::move(description_));
    } catch (const base::Error& error) {
      throw base::Error(fmt::format("{}: {}", file_, error.what()));
    }
  }

 private:
  /// Adds row `index`, and the shortcut behind it if there is one; gives the number of rows added.
  std::size_t add(std::size_t index) {
    const Row& row = rows_[index];
    sources_.push_back(last_);
    const std::optional<std::size_t> origin = shortcut_origin(index);
    const std::size_t next = index + (origin ? 2 : 1);
    const Fit found = fit_to(row, next);
    last_ = add_weighted(row, found.padding, last_);
    if (origin) {
      sources_.push_back(sources_[*origin]);
      const int shortcut = add_weighted(rows_[index + 1], 0, sources_[*origin]);
      last_ = add_layer("add", Add{row.out_channels, options_.activation_bits}, {last_, shortcut});
    }
    if (next < rows_.size()) last_ = add_layer("relu", Relu{}, {last_});
    if (found.pool) last_ = add_layer("pool", *found.pool, {last_});
    if (next < rows_.size() && rows_[next].is_linear() && !is_vector_) flatten();
    return next - index;
  }

  Fit fit_to(const Row& row, std::size_t next) const {
    if (next >= rows_.size()) {
      if (row.pooled)
        refuse(row, "the last row is followed by pooling, but no row says to what size");
      return {(row.kernel - 1) / 2, std::nullopt};
    }
    if (auto found = fit(row, rows_[next], options_.activation_bits)) return *found;
    const int same = (row.kernel - 1) / 2;
    refuse(
        rows_[next],
        fmt::format("its input {} is not what line {} gives ({}{} with padding {}); rows have to "
                    "follow each other (use a YAML or ONNX file for other networks)",
                    shape_text(rows_[next].input), row.line, shape_text(convolved(row, same)),
                    row.pooled ? " before pooling" : "", same));
  }

  /// The row whose input the row behind `index` reads too, where that row is a shortcut.
  std::optional<std::size_t> shortcut_origin(std::size_t index) const {
    if (index + 1 >= rows_.size()) return std::nullopt;
    const Row& row = rows_[index];
    const Row& shortcut = rows_[index + 1];
    if (shortcut.kernel != 1 || shortcut.is_linear() || shortcut.pooled || row.pooled ||
        shortcut.out_channels != row.out_channels || fit(row, shortcut, options_.activation_bits)) {
      return std::nullopt;
    }
    const Shape sum = convolved(shortcut, 0);
    const bool same_output = convolved(row, (row.kernel - 1) / 2) == sum;
    for (std::size_t origin = index + 1; same_output && origin-- > 0;) {
      if (rows_[origin].input == shortcut.input) return origin;
    }
    return std::nullopt;
  }

  int add_weighted(const Row& row, int padding, int source) {
    if (row.is_linear()) {
      if (description_.layers.empty()) is_vector_ = true;
      Linear linear;
      linear.in_features = row.input.channels;
      linear.out_features = row.out_channels;
      linear.weight_bits = options_.weight_bits;
      linear.activation_bits = options_.activation_bits;
      return add_layer("fc", linear, {source});
    }
    Conv conv;
    conv.in_channels = row.input.channels;
    conv.out_channels = row.out_channels;
    conv.kernel = row.kernel;
    conv.stride = row.stride;
    conv.padding = padding;
    conv.weight_bits = options_.weight_bits;
    conv.activation_bits = options_.activation_bits;
    return add_layer("conv", conv, {source});
  }

  void flatten() {
    last_ = add_layer("flatten", Flatten{}, {last_});
    is_vector_ = true;
  }

  int add_layer(const std::string& type, LayerParameters parameters, std::vector<int> inputs) {
    const int number = ++counts_[type];
    description_.layers.push_back(
        {fmt::format("{}{}", type, number), std::move(parameters), std::move(inputs)});
    return static_cast<int>(description_.layers.size()) - 1;
  }

  [[noreturn]] void refuse(const Row& row, const std::string& problem) const {
    throw base::Error(fmt::format("{}:{}: {}", file_, row.line, problem));
  }

  std::vector<Row> rows_;
  std::string file_;
  ImportOptions options_;
  NetworkDescription description_;
  std::map<std::string, int> counts_;
  std::vector<int> sources_;  ///< the layer that each row reads
  int last_ = kNetworkInput;
  bool is_vector_ = false;
};

}  // namespace

Network parse_neurosim_csv(std::string_view content, const std::filesystem::path& path,
                           const ImportOptions& options) {
  check(options);
  std::vector<Row> rows = RowReader(path.string()).read(content);
  return NetworkBuilder(std::move(rows), path.string(), path.stem().string(), options).build();
}

Network load_neurosim_csv(const std::filesystem::path& path, const ImportOptions& options) {
  return parse_neurosim_csv(base::read_text_file(path), path, options);
}

}  // namespace gibbon::nn
