#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <variant>
#include <vector>

#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn {

/// Computes a network in double precision and without quantisation, one plain loop after the other:
/// what its layers mean, as layer.hpp says it.
class PlainNetwork {
 public:
  explicit PlainNetwork(const TrainedNetwork& trained) : trained_(trained) {}

  /// The last layer's output for an image, channel by channel.
  std::vector<double> run(const std::vector<double>& image) {
    image_ = image;
    outputs_.clear();
    for (index_ = 0; index_ < layers().size(); ++index_) {
      outputs_.push_back(std::visit(*this, layers()[index_].parameters));
    }
    return outputs_.back();
  }

  std::vector<double> operator()(const Conv& conv) const {
    const Shape in = shape_of(0);
    const Shape out = output();
    std::vector<double> result;
    const int ins = conv.in_channels / conv.groups;
    for (int o = 0; o < out.channels; ++o) {
      for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
          double sum = 0;
          for (int i = 0; i < ins * conv.kernel * conv.kernel; ++i) {
            const int channel = i / (conv.kernel * conv.kernel);
            const int row = y * conv.stride - conv.padding + i / conv.kernel % conv.kernel;
            const int column = x * conv.stride - conv.padding + i % conv.kernel;
            if (row < 0 || row >= in.height || column < 0 || column >= in.width) continue;
            const int source = o / (out.channels / conv.groups) * ins + channel;
            sum += at(state().weight, o * ins * conv.kernel * conv.kernel + i) *
                   at(input(0), (source * in.height + row) * in.width + column);
          }
          result.push_back(sum);
        }
      }
    }
    return result;
  }

  std::vector<double> operator()(const Linear& linear) const {
    std::vector<double> result;
    for (int o = 0; o < linear.out_features; ++o) {
      double sum = 0;
      for (int i = 0; i < linear.in_features; ++i) {
        sum += at(state().weight, o * linear.in_features + i) * at(input(0), i);
      }
      result.push_back(sum);
    }
    return result;
  }

  std::vector<double> operator()(const BatchNorm&) const {
    return channel_by_channel([&](double value, int channel) {
      const double deviation = std::sqrt(at(state().running_variance, channel) + state().epsilon);
      return (value - at(state().running_mean, channel)) / deviation * at(state().gamma, channel) +
             at(state().beta, channel);
    });
  }
  std::vector<double> operator()(const Bias&) const {
    return channel_by_channel(
        [&](double value, int channel) { return value + at(state().beta, channel); });
  }
  std::vector<double> operator()(const Relu&) const {
    return channel_by_channel([](double value, int) { return std::max(value, 0.0); });
  }
  std::vector<double> operator()(const HardTanh& tanh) const {
    return channel_by_channel(
        [&](double value, int) { return std::clamp(value, -tanh.range, tanh.range); });
  }
  std::vector<double> operator()(const Gelu&) const {
    return channel_by_channel(
        [](double value, int) { return value * 0.5 * (1 + std::erf(value * std::sqrt(0.5))); });
  }
  std::vector<double> operator()(const Flatten&) const { return input(0); }
  std::vector<double> operator()(const Dropout&) const { return input(0); }

  /// Of pools only the mean of all.
  std::vector<double> operator()(const Pool&) const {
    std::vector<double> result;
    for (int channel = 0; channel < shape_of(0).channels; ++channel) {
      double sum = 0;
      for (int i = 0; i < positions(0); ++i) sum += at(input(0), channel * positions(0) + i);
      result.push_back(sum / positions(0));
    }
    return result;
  }

  std::vector<double> operator()(const Add&) const {
    std::vector<double> result = input(0);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += input(1)[i];
    return result;
  }
  std::vector<double> operator()(const Concat&) const {
    std::vector<double> result;
    for (std::size_t i = 0; i < layers()[index_].inputs.size(); ++i) {
      result.insert(result.end(), input(i).begin(), input(i).end());
    }
    return result;
  }

  std::vector<double> operator()(const Tokens& tokens) const {
    std::vector<double> result;
    const Shape out = output();
    for (int channel = 0; channel < out.channels; ++channel) {
      for (int token = 0; token < out.height; ++token) {
        const int position = token - (tokens.class_token ? 1 : 0);
        const double value = position < 0 ? at(state().gamma, channel)
                                          : at(input(0), channel * positions(0) + position);
        result.push_back(value + at(state().weight, token * out.channels + channel));
      }
    }
    return result;
  }

  std::vector<double> operator()(const SelectToken& select) const {
    std::vector<double> result;
    for (int channel = 0; channel < output().channels; ++channel) {
      result.push_back(at(input(0), channel * positions(0) + select.index));
    }
    return result;
  }

  std::vector<double> operator()(const LayerNorm& norm) const {
    std::vector<double> result(input(0).size());
    for (int position = 0; position < positions(0); ++position) {
      double sum = 0;
      double squares = 0;
      for (int channel = 0; channel < norm.features; ++channel) {
        const double value = at(input(0), channel * positions(0) + position);
        sum += value;
        squares += value * value;
      }
      const double mean = sum / norm.features;
      const double variance = squares / norm.features - mean * mean;
      for (int channel = 0; channel < norm.features; ++channel) {
        const int place = channel * positions(0) + position;
        result[static_cast<std::size_t>(place)] = (at(input(0), place) - mean) /
                                                      std::sqrt(variance + state().epsilon) *
                                                      at(state().gamma, channel) +
                                                  at(state().beta, channel);
      }
    }
    return result;
  }

  std::vector<double> operator()(const Softmax& softmax) const {
    std::vector<double> result = input(0);
    const int length = output().channels / softmax.groups;
    for (int group = 0; group < softmax.groups; ++group) {
      for (int position = 0; position < positions(0); ++position) {
        double sum = 0;
        for (int i = 0; i < length; ++i) {
          sum += std::exp(at(input(0), (group * length + i) * positions(0) + position));
        }
        for (int i = 0; i < length; ++i) {
          double& share =
              result[static_cast<std::size_t>((group * length + i) * positions(0) + position)];
          share = std::exp(share) / sum;
        }
      }
    }
    return result;
  }

  std::vector<double> operator()(const MatMul& product) const {
    const Shape a = shape_of(0);
    const Shape b = shape_of(1);
    const int width = b.channels / product.heads;
    const int columns = product.transposed ? b.height : width;
    std::vector<double> result;
    for (int head = 0; head < product.heads; ++head) {
      for (int column = 0; column < columns; ++column) {
        for (int row = 0; row < a.height; ++row) {
          double sum = 0;
          for (int i = 0; i < (product.transposed ? width : b.height); ++i) {
            const int in_head = product.transposed ? head * width + i : head * width + column;
            const int token = product.transposed ? column : i;
            const int left = head * (a.channels / product.heads) + i;
            sum += at(input(0), left * a.height + row) * at(input(1), in_head * b.height + token);
          }
          result.push_back(sum * product.scale);
        }
      }
    }
    return result;
  }

 private:
  const std::vector<Layer>& layers() const { return trained_.network.layers(); }
  const LayerState& state() const { return trained_.states.at(index_); }
  Shape output() const { return trained_.network.output_shape(static_cast<int>(index_)); }
  int source(std::size_t input) const { return layers()[index_].inputs.at(input); }
  Shape shape_of(std::size_t input) const { return trained_.network.output_shape(source(input)); }
  int positions(std::size_t input) const { return shape_of(input).height * shape_of(input).width; }
  const std::vector<double>& input(std::size_t input) const {
    const int index = source(input);
    return index == kNetworkInput ? image_ : outputs_.at(static_cast<std::size_t>(index));
  }
  template <typename Values>
  static double at(const Values& values, int place) {
    return values.at(static_cast<std::size_t>(place));
  }
  template <typename Function>
  std::vector<double> channel_by_channel(Function function) const {
    std::vector<double> result = input(0);
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = function(result[i], static_cast<int>(i) / positions(0));
    }
    return result;
  }

  const TrainedNetwork& trained_;
  std::size_t index_ = 0;
  std::vector<double> image_;
  std::vector<std::vector<double>> outputs_;
};

}  // namespace gibbon::nn
