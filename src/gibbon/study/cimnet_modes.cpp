#include "gibbon/study/cimnet_modes.hpp"

#include <algorithm>
#include <stdexcept>

#include "gibbon/base/parallel.hpp"

namespace gibbon::study {

namespace {

bool is_bandwidth_on_chip(const std::string& key) {
  return key.ends_with("bytes_per_cycle");
}
bool is_dram(const std::string& key) {
  return key.starts_with("dram.");
}

template <typename Predicate>
std::vector<std::size_t> hardware_genes_where(const space::CimnetSpace& space,
                                              const Predicate& wanted) {
  std::vector<std::size_t> genes;
  for (std::size_t gene = 0; gene < space.genes().size(); ++gene) {
    if (space.genes()[gene].part != space::GenePart::kHardware) continue;
    if (wanted(space.genes()[gene].slot)) genes.push_back(gene);
  }
  return genes;
}

/// All searches of one seed, from the largest network and fewest open genes on.
class SeedRun {
 public:
  SeedRun(const space::CimnetSpace& space, const sim::Simulator& simulator,
          const CimnetStudyOptions& options, std::uint64_t seed)
      : space_(space), simulator_(simulator), options_(options), seed_(seed) {
    max_area_ = measure(space, simulator, space.baseline()).cost.area_mm2;
  }

  std::vector<CimnetFinding> run() {
    const CimnetMode network{"network", "default", network_genes(space_)};
    for (const double kept : options_.kept_macs) {
      if (kept < 1) search(network, kept);
      for (CimnetMode mode : hardware_modes(space_)) {
        if (kept < 1) {
          mode.name = "both";
          mode.genes.insert(mode.genes.begin(), network.genes.begin(), network.genes.end());
        }
        search(mode, kept);
      }
    }
    return std::move(findings_);
  }

 private:
  void search(const CimnetMode& mode, double kept) {
    FastestOptions fastest;
    fastest.genes = mode.genes;
    fastest.max_area_mm2 = max_area_;
    fastest.min_kept_macs = kept;
    fastest.population = options_.population;
    fastest.generations = options_.generations;
    fastest.seed = seed_;
    for (const CimnetFinding& finding : findings_) {
      if (differs_only_in(mode.genes, finding.design.genome)) {
        fastest.start.push_back(finding.design.genome);
      }
    }
    findings_.push_back(
        {mode.name, mode.chip, kept, seed_, find_fastest(space_, simulator_, fastest)});
  }

  /// Whether the other genes are the baseline's.
  bool differs_only_in(const std::vector<std::size_t>& genes, const space::Genome& genome) const {
    const space::Genome baseline = space_.baseline();
    for (std::size_t gene = 0; gene < genome.size(); ++gene) {
      const bool open = std::find(genes.begin(), genes.end(), gene) != genes.end();
      if (!open && genome[gene] != baseline[gene]) return false;
    }
    return true;
  }

  const space::CimnetSpace& space_;
  const sim::Simulator& simulator_;
  const CimnetStudyOptions& options_;
  std::uint64_t seed_;
  double max_area_ = 0;
  std::vector<CimnetFinding> findings_;
};

bool matches(const CimnetFinding& finding, std::string_view mode, std::string_view chip,
             double kept) {
  return finding.mode == mode && finding.chip == chip && finding.min_kept_macs == kept;
}

}  // namespace

std::vector<CimnetMode> hardware_modes(const space::CimnetSpace& space) {
  return {
      {"hardware", "sizes",
       hardware_genes_where(
           space,
           [](const std::string& key) { return !is_bandwidth_on_chip(key) && !is_dram(key); })},
      {"hardware", "on-chip",
       hardware_genes_where(space, [](const std::string& key) { return !is_dram(key); })},
      {"hardware", "all", hardware_genes_where(space, [](const std::string&) { return true; })}};
}

std::vector<CimnetFinding> run_cimnet_modes(const space::CimnetSpace& space,
                                            const sim::Simulator& simulator,
                                            const CimnetStudyOptions& options) {
  std::vector<std::vector<CimnetFinding>> by_seed(static_cast<std::size_t>(options.seeds));
  base::parallel_for(by_seed.size(), options.threads, [&](std::size_t index) {
    by_seed[index] = SeedRun(space, simulator, options, index + 1).run();
  });
  std::vector<CimnetFinding> findings;
  for (std::vector<CimnetFinding>& found : by_seed) {
    findings.insert(findings.end(), found.begin(), found.end());
  }
  return findings;
}

std::vector<double> latencies_of(const std::vector<CimnetFinding>& findings, std::string_view mode,
                                 std::string_view chip, double min_kept_macs) {
  std::vector<double> latencies;
  for (const CimnetFinding& finding : findings) {
    if (matches(finding, mode, chip, min_kept_macs)) {
      latencies.push_back(finding.design.cost.latency_ms);
    }
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

const CimnetFinding& fastest_of(const std::vector<CimnetFinding>& findings, std::string_view mode,
                                std::string_view chip, double min_kept_macs) {
  const CimnetFinding* fastest = nullptr;
  for (const CimnetFinding& finding : findings) {
    if (!matches(finding, mode, chip, min_kept_macs)) continue;
    const bool faster =
        fastest == nullptr || finding.design.cost.latency_ms < fastest->design.cost.latency_ms;
    if (faster) fastest = &finding;
  }
  if (fastest == nullptr) throw std::logic_error("no finding of this mode");
  return *fastest;
}

}  // namespace gibbon::study
