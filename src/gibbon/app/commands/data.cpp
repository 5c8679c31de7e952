#include <fmt/format.h>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/data/download.hpp"

namespace gibbon::app {

namespace {

struct DataOptions {
  std::string name;
  std::string directory;
  std::string to = "data";
  std::optional<std::string> url;
};

int list(bool json) {
  std::vector<NamedItem> items;
  for (const data::DatasetEntry& entry : data::dataset_entries()) {
    items.push_back({std::string(entry.name), std::string(entry.summary)});
  }
  print_items(items, json);
  return kSuccess;
}

base::Json split_json(const data::ImageSet& images, int classes) {
  std::vector<int> counts(static_cast<std::size_t>(classes), 0);
  for (const std::int32_t label : images.labels) ++counts.at(static_cast<std::size_t>(label));
  return {{"images", images.count()}, {"images_by_class", counts}};
}

int info(const DataOptions& options, const GlobalOptions& global) {
  data::LoadOptions load;
  load.threads = global.thread_count();
  const data::Dataset dataset = data::load_dataset(options.name, options.directory, load);
  base::Json json = {{"name", dataset.name},
                     {"channels", dataset.train.channels},
                     {"height", dataset.train.height},
                     {"width", dataset.train.width},
                     {"classes", dataset.class_names},
                     {"train", split_json(dataset.train, dataset.num_classes())},
                     {"test", split_json(dataset.test, dataset.num_classes())}};
  if (global.json) {
    print_json(json);
    return kSuccess;
  }
  fmt::print("{}: {} channels, {} x {} pixels, {} classes\n", dataset.name, dataset.train.channels,
             dataset.train.height, dataset.train.width, dataset.num_classes());
  fmt::print("train  {:>8} images\ntest   {:>8} images\n\n", dataset.train.count(),
             dataset.test.count());
  Table table{{"class", "train", "test"}, {}};
  for (std::size_t i = 0; i < dataset.class_names.size(); ++i) {
    table.rows.push_back({dataset.class_names[i],
                          fmt::format("{}", json["train"]["images_by_class"][i].get<int>()),
                          fmt::format("{}", json["test"]["images_by_class"][i].get<int>())});
  }
  fmt::print("{}", to_text(table));
  return kSuccess;
}

int download(const DataOptions& options, const GlobalOptions& global) {
  TerminalProgress progress(global.quiet);
  data::download_and_unpack(data::find_archive(options.name), options.to, progress, options.url);
  return kSuccess;
}

}  // namespace

Action add_data_command(CLI::App& command, const GlobalOptions& global) {
  auto options = std::make_shared<DataOptions>();
  command.require_subcommand(1);
  auto* list_command = command.add_subcommand("list", "Data sets that gibbon can read");
  auto* info_command = command.add_subcommand("info", "Load one and count its images");
  auto* get_command = command.add_subcommand("get", "Download one and check it");
  for (auto* sub : {list_command, info_command, get_command}) sub->fallthrough();
  info_command->add_option("NAME", options->name, "Data set")->required();
  info_command->add_option("--data", options->directory,
                           "Its folder; default: where its package puts it");
  get_command->add_option("NAME", options->name, "Data set")->required();
  get_command->add_option("--to", options->to, "Folder to put it in; default: data");
  get_command->add_option("--url", options->url, "Another address of the same file");
  return [=, &global] {
    if (list_command->parsed()) return list(global.json);
    return info_command->parsed() ? info(*options, global) : download(*options, global);
  };
}

}  // namespace gibbon::app
