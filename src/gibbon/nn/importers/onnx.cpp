#include "gibbon/nn/importers/onnx.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/nn/importers/onnx/converter.hpp"
#include "gibbon/nn/importers/onnx/unsupported.hpp"

namespace gibbon::nn {

namespace {

using onnx::NodeProto;

onnx_schema::ModelProto parse_model(std::string_view content) {
  onnx_schema::ModelProto model;
  const bool fits = content.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!fits) throw base::Error("is larger than 2 GiB, which no ONNX file is");
  if (!model.ParseFromArray(content.data(), static_cast<int>(content.size()))) {
    throw base::Error("is truncated or no ONNX file");
  }
  if (!model.has_graph()) throw base::Error("is no ONNX file: it holds no graph");
  return model;
}

std::string problem_line(const NodeProto& node, const std::string& problem) {
  return fmt::format("\n  {}: {}", onnx::describe(node), problem);
}

[[noreturn]] void refuse_nodes(const std::vector<std::string>& problems) {
  throw base::Error(fmt::format("{} node{} cannot be imported:{}\nSupported are {}.",
                                problems.size(), problems.size() == 1 ? "" : "s",
                                fmt::join(problems, ""), onnx::kSupportedOperators));
}

TrainedNetwork convert(const onnx_schema::ModelProto& model, const std::string& name,
                       const ImportOptions& options) {
  onnx::Graph graph(model.graph());
  onnx::Converter converter(graph, name, options);
  std::vector<std::string> problems;
  std::optional<base::Error> invalid;
  for (const NodeProto* node : graph.nodes()) {
    try {
      converter.add(*node);
    } catch (const onnx::Unsupported& problem) {
      problems.push_back(problem_line(*node, problem.what()));
    } catch (const base::Error& error) {
      if (!invalid) invalid = error;
    }
  }
  // First what no correction of the file would help.
  if (!problems.empty()) refuse_nodes(problems);
  if (invalid) throw base::Error(*invalid);
  return converter.finish();
}

}  // namespace

TrainedNetwork parse_onnx(std::string_view content, const std::filesystem::path& path,
                          const ImportOptions& options) {
  check(options);
  try {
    return convert(parse_model(content), onnx::printable(path.stem().string()), options);
  } catch (const base::Error& error) {
    throw base::Error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

TrainedNetwork load_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  return parse_onnx(base::read_file(path), path, options);
}

}  // namespace gibbon::nn
