#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gibbon/space/spaces/network_family.hpp"

/// What the families of convolutional networks share.
namespace gibbon::space {

/// The multiple of 8 next to a number of channels, never less than nine tenths of it: the rounding
/// of MobileNet's and the supernets' authors.
int rounded_channels(double channels);

/// Appends layers of one width of bits and keeps track of the last one's output.
class LayerChain {
 public:
  LayerChain(const nn::Shape& input, int bits)
      : input_(input), bits_(bits), channels_(input.channels) {}

  int last() const { return static_cast<int>(layers_.size()) - 1; }
  int channels() const { return channels_; }

  /// A convolution that keeps the size at stride 1, and its batch norm; `channels` 0: depthwise.
  void conv(const std::string& name, int channels, int kernel, int stride);
  void relu(const std::string& name) { append(name + ".relu", nn::Relu{}); }
  void pool(const std::string& name, nn::PoolMode mode, int kernel, int stride, int padding) {
    append(name, nn::Pool{mode, kernel, stride, padding, bits_});
  }
  /// The sum of the last layer and `other`.
  void add(const std::string& name, int other);
  /// Goes on behind another layer.
  void continue_from(int layer, int channels) {
    from_ = layer;
    channels_ = channels;
  }
  void flatten(const std::string& name) { append(name, nn::Flatten{}); }
  void linear(const std::string& name, int features);

  /// The network; the chain is empty then. Throws base::Error as nn::Network does.
  nn::Network build(const std::string& name, int num_classes);

 private:
  void append(std::string name, nn::LayerParameters parameters);

  nn::Shape input_;
  int bits_;
  std::vector<nn::Layer> layers_;
  std::optional<int> from_;
  int channels_;
};

/// Stages of blocks, of which the first ones are used.
class StagedFamily : public NetworkFamily {
 public:
  const std::vector<Gene>& genes() const override { return genes_; }
  bool is_active(const Genome& genome, std::size_t gene) const override {
    const Place& place = places_[gene];
    return place.stage < 0 || place.block < blocks_of(genome, place.stage);
  }

 protected:
  /// Of a stage (0, 1, ...).
  virtual int blocks_of(const Genome& genome, int stage) const = 0;

  void add_gene(const std::string& name, const char* slot, std::vector<double> choices);
  /// "stage1.block1.SLOT" for stage 0, block 0; `position` counts the blocks of all stages.
  void add_block_gene(int stage, int block, int position, const char* slot,
                      std::vector<double> choices);
  double value(const Genome& genome, std::size_t gene) const {
    return genes_[gene].choices[genome[gene]];
  }

 private:
  struct Place {
    int stage = -1;
    int block = -1;
  };
  std::vector<Gene> genes_;
  std::vector<Place> places_;
};

}  // namespace gibbon::space
