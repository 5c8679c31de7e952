#include <fmt/format.h>

#include <map>
#include <mutex>

#include "gibbon/base/error.hpp"
#include "gibbon/store/run_store.hpp"
#include "gibbon/store/stores/document_text.hpp"

namespace gibbon::store {
namespace {

/// Keeps documents as text, so that they come back exactly as from a file.
class MemoryStore final : public RunStore {
 public:
  void append(const StoredEvaluation& evaluation) override {
    const std::lock_guard lock(mutex_);
    evaluations_.push_back(evaluation);
    last_by_key_[evaluation.key] = evaluations_.size() - 1;
  }

  std::vector<StoredEvaluation> evaluations() const override {
    const std::lock_guard lock(mutex_);
    return evaluations_;
  }

  std::optional<space::Evaluation> find(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = last_by_key_.find(key);
    if (found == last_by_key_.end()) return std::nullopt;
    return evaluations_[found->second].evaluation;
  }

  void put(const std::vector<std::pair<std::string, base::Json>>& documents) override {
    std::vector<std::string> texts;
    for (const auto& [name, document] : documents) {
      texts.push_back(document_text(kPlace, name, document));
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < documents.size(); ++i) documents_[documents[i].first] = texts[i];
  }

  std::optional<base::Json> get(std::string_view name) const override {
    const std::lock_guard lock(mutex_);
    const auto found = documents_.find(name);
    if (found == documents_.end()) return std::nullopt;
    return document_from_text(kPlace, name, found->second);
  }

  std::vector<std::string> names(std::string_view prefix) const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> result;
    for (auto at = documents_.lower_bound(prefix);
         at != documents_.end() && at->first.starts_with(prefix); ++at) {
      result.push_back(at->first);
    }
    return result;
  }

 private:
  static constexpr std::string_view kPlace = "memory store";

  mutable std::mutex mutex_;
  std::vector<StoredEvaluation> evaluations_;
  std::map<std::string, std::size_t, std::less<>> last_by_key_;
  std::map<std::string, std::string, std::less<>> documents_;
};

}  // namespace

std::unique_ptr<RunStore> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace gibbon::store
